"""An ACK that does not cover the peer's FIN leaves it in LAST-ACK: the FIN comes again."""

from probe.scenarios.steps import LAST_ACK, TEXT, Expect, Question, Scenario, Send, Span

SCENARIO = Scenario(
    id="last-ack-wrong-ack",
    title="ACK that does not cover the peer's FIN",
    steps=(
        *LAST_ACK,
        Send(".", ack=TEXT),
        Expect("F", within=Span.NEVER, count=2, rule="close.lastack-wrong-ack"),
        Send("."),
        Question(),
    ),
    shows=("close.lastack-wrong-ack", "close.lastack-closed"),
    clause="RFC 9293 3.10.7.4 fifth",
    waits=True,
)
