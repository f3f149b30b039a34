"""How initial sequence numbers are chosen (RFC 9293 section 3.4.1)."""

from __future__ import annotations

from probe.spec.rules.rule import Rule

RULES: tuple[Rule, ...] = (
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
        needs=("N",),
        topic="isn",
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
        needs=("N",),
        passive=True,
        topic="isn",
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
        needs=("N",),
        needs_note="statistical, state the sample size",
        topic="isn",
    ),
    Rule(
        id="isn.stable-while-pending",
        level="SPEC",
        source="RFC 9293 3.10.7.2; 3.10.8",
        sentence="All SYN,ACKs of one attempt carry the same ISN.",
        stimulus="SYN-RECEIVED; no ACK",
        permitted="p identical in all copies",
        forbidden="p changes",
        needs=("N",),
        passive=True,
        topic="isn",
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
        needs=("N",),
        passive=True,
        topic="isn",
    ),
)
