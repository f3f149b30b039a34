"""Our ACK came: the peer neither answers it nor sends its SYN,ACK again, and the connection stands."""

from probe.scenarios.steps import OPEN, Question, Scenario, Span, Wait

SCENARIO = Scenario(
    id="synack-stops",
    title="no SYN,ACK after the ACK",
    steps=(*OPEN, Question(), Wait(Span.STOPS)),
    shows=("open.final-ack-establishes", "synack.stops-when-acked"),
    clause="RFC 9293 3.10.7.4 fifth; 3.5 Figure 6",
    waits=True,
)
