"""The initial number on a SYN or SYN,ACK, and how a SYN,ACK is repeated (RFC 9293 sections 3.4.1 and 3.8.3)."""

from probe.spec.rules.rule import Rule

# How initial sequence numbers are chosen (RFC 9293 section 3.4.1).
ISN: tuple[Rule, ...] = (
    Rule(
        id="isn.clock-driven",
        level="MUST",
        keyword_ids=("MUST-8",),
        source="RFC 9293 3.4.1",
        sentence=(
            "For one four-tuple the ISN moves forward with time (about one step per 4 microseconds, i.e. 250 000 per "
            "second, cycle about 4.55 h)."
        ),
        stimulus="same four-tuple opened repeatedly, each time ended by <t+1, RST>; vary the pause",
        permitted="p grows modulo 2^32 from sample to sample by roughly the elapsed time in 4 microsecond units",
        forbidden=(
            "same ISN reused; sequence moves backwards in short intervals. Fully random ISNs and SYN cookies show no "
            "order: report INFO, not FAIL, unless many samples repeat"
        ),
    ),
    Rule(
        id="isn.per-tuple-offset",
        level="SHOULD",
        keyword_ids=("SHLD-1",),
        source="RFC 9293 3.4.1; RFC 6528 3",
        sentence="Different four-tuples have unrelated offsets.",
        stimulus="SYNs from many source ports within a second",
        permitted="differences between neighbours look random over 32 bits",
        forbidden="nearly constant difference (global counter)",
        passive=True,
    ),
    Rule(
        id="isn.not-predictable",
        level="MUST NOT",
        keyword_ids=("MUST-9",),
        source="RFC 9293 3.4.1",
        sentence="The offset function cannot be computed from outside.",
        stimulus="SYNs from many source ports within a second; estimate a prediction from port and time",
        permitted="no simple predictor hits within the window",
        forbidden="small set of values, linear in the port number, equal for all tuples",
        needs_note="statistical, state the sample size",
    ),
    Rule(
        id="isn.stable-while-pending",
        level="SPEC",
        source="RFC 9293 3.10.7.2; 3.10.8",
        sentence="All SYN,ACKs of one attempt carry the same ISN.",
        stimulus="SYN-RECEIVED; no ACK",
        permitted="p identical in all copies",
        forbidden="p changes",
        passive=True,
    ),
    Rule(
        id="isn.differs",
        level="MUST",
        keyword_ids=("MUST-8",),
        source="RFC 9293 3.4.1",
        sentence="Two successive connections never use the same initial sequence number.",
        stimulus="the same port opened twice in succession, from the same or from different source ports",
        permitted="two different values of p",
        forbidden=(
            "the same p in both connections (copies of the SYN,ACK of one attempt do not count; the clock of 3.4.1 "
            "comes round only after about 4.55 hours; between different four-tuples one coincidence in 2^32 is "
            "chance, so repeat)"
        ),
        passive=True,
    ),
)

# Repetition of an unanswered SYN,ACK (RFC 9293 section 3.8.3, RFC 6298).
SYNACK: tuple[Rule, ...] = (
    Rule(
        id="synack.retransmitted",
        level="SPEC",
        source="RFC 9293 3.10.8; RFC 6298 5.4",
        sentence="A SYN,ACK without answer is sent again.",
        stimulus="SYN-RECEIVED; silence",
        permitted="<p, t+1, SYN,ACK> again, unchanged numbers (SYN cookies: none, INFO)",
        forbidden="changed numbers; never repeated without overload",
        passive=True,
    ),
    Rule(
        id="synack.initial-rto",
        level="SHOULD",
        source="RFC 6298 2.1",
        sentence="The first repetition of a SYN,ACK comes after one second or more.",
        stimulus="SYN-RECEIVED; silence",
        permitted="gap >= 1 s",
        forbidden="clearly earlier (WARN)",
        passive=True,
    ),
    Rule(
        id="synack.backoff",
        level="MUST",
        keyword_ids=("MUST-19",),
        source="RFC 9293 3.8.2; RFC 6298 5.5",
        sentence="The gap between repetitions of a SYN,ACK doubles each time.",
        stimulus="SYN-RECEIVED; silence",
        permitted="ratio about 2, cap >= 60 s",
        forbidden="constant gaps",
        passive=True,
    ),
    Rule(
        id="synack.stops-when-acked",
        level="SPEC",
        source="RFC 9293 3.10.7.4 fifth",
        sentence="Once acknowledged, the SYN,ACK is not repeated.",
        stimulus="SYN-RECEIVED; <t+1, p+1, ACK>",
        permitted="no SYN,ACK afterwards",
        forbidden=(
            "SYN,ACK after the ACK has surely arrived (some stacks do so on purpose until the application sends: WARN)"
        ),
        passive=True,
        custom="TCP_DEFER_ACCEPT waits for data and repeats the SYN,ACK meanwhile",
    ),
    Rule(
        id="synack.gives-up",
        level="MUST",
        keyword_ids=("MUST-20", "MUST-22"),
        level_note="MUST-20 item (c)",
        source="RFC 9293 3.8.3; 3.10.8",
        sentence=(
            "After threshold R2 the half-open connection is dropped (SHLD-11: at least 100 s; MUST-23 speaks of 'a "
            "SYN segment', 3 minutes, in the context of open attempts)."
        ),
        stimulus="SYN-RECEIVED; silence until repetitions end, wait one more RTO, then <t+1, p+1, ACK>",
        permitted="<p+1, RST>; duration reported",
        forbidden="still completes long after the last repetition is INFO; never ending repetitions FAIL",
    ),
)
