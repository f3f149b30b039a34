"""The last ACK of the close is withheld: the peer in LAST-ACK sends its FIN again until it is acknowledged."""

from probe.scenarios.steps import LAST_ACK, Expect, Question, Repeats, Scenario, Send, Span

SCENARIO = Scenario(
    id="last-ack-fin",
    title="FIN again in LAST-ACK when the last ACK is lost",
    steps=(
        *LAST_ACK,
        Expect("F", within=Span.NEVER, count=2, rule="close.lastack-fin-retransmit"),
        Expect("F", within=Span.NEVER, count=3, rule="close.lastack-fin-retransmit"),
        Send("."),
        Question(),
    ),
    shows=("close.lastack-fin-retransmit", "close.lastack-closed"),
    clause="RFC 9293 3.6; 3.10.8; RFC 6298 5",
    waits=True,
    repeats=(Repeats("F", growth_rule="close.lastack-fin-retransmit"),),
)
