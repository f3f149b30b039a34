"""The last ACK never comes: the peer sends its FIN for 100 seconds or more before it gives up."""

from probe.scenarios.steps import LAST_ACK, Question, Scenario, Span, Wait

SCENARIO = Scenario(
    id="last-ack-given-up",
    title="FIN given up in LAST-ACK",
    steps=(*LAST_ACK, Wait(Span.GIVEN_UP), Question()),
    shows=("close.gives-up",),
    clause="RFC 9293 3.8.3; 3.6 case 2",
    waits=True,
    slow=True,
    expires=True,
)
