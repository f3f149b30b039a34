"""Repetition of an unanswered SYN,ACK (RFC 9293 section 3.8.3, RFC 6298)."""

from __future__ import annotations

from probe.spec.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        id="synack.retransmitted",
        level="SPEC",
        source="RFC 9293 3.10.8; RFC 6298 5.4",
        sentence="A SYN,ACK without answer is sent again.",
        stimulus="SYN-RECEIVED; silence",
        permitted="<p, t+1, SYN,ACK> again, unchanged numbers (SYN cookies: none, INFO)",
        forbidden="changed numbers; never repeated without overload",
        needs=("N",),
        passive=True,
        topic="synack",
    ),
    Rule(
        id="synack.initial-rto",
        level="SHOULD",
        source="RFC 6298 2.1",
        sentence="The first repetition of a SYN,ACK comes after one second or more.",
        stimulus="SYN-RECEIVED; silence",
        permitted="gap >= 1 s",
        forbidden="clearly earlier (WARN)",
        needs=("N",),
        passive=True,
        topic="synack",
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
        needs=("N",),
        passive=True,
        topic="synack",
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
        needs=("N",),
        passive=True,
        custom="TCP_DEFER_ACCEPT waits for data and repeats the SYN,ACK meanwhile",
        topic="synack",
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
        needs=("N",),
        topic="synack",
    ),
)
