"""Our ACK of the SYN,ACK is withheld: the peer sends the SYN,ACK again, unchanged, at growing intervals."""

from probe.scenarios.steps import SYN_RECEIVED, Expect, Question, Repeats, Scenario, Send, Span

SCENARIO = Scenario(
    id="synack-retransmitted",
    title="SYN,ACK again when our ACK is lost",
    steps=(
        *SYN_RECEIVED,
        Expect("S.", within=Span.NEVER, count=2, rule="synack.retransmitted"),
        Expect("S.", within=Span.NEVER, count=3, rule="synack.retransmitted"),
        Send("."),
        Question(),
    ),
    shows=("synack.retransmitted", "synack.initial-rto", "synack.backoff", "isn.stable-while-pending"),
    clause="RFC 9293 3.10.8; RFC 6298 5",
    waits=True,
    repeats=(Repeats("S.", growth_rule="synack.backoff", first_rule="synack.initial-rto"),),
)
