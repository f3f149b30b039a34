"""Our RST at RCV.NXT ends LAST-ACK: the FIN is not sent again."""

from probe.scenarios.steps import LAST_ACK, Question, Scenario, Send, Span, Wait

SCENARIO = Scenario(
    id="rst-last-ack",
    title="RST in LAST-ACK",
    steps=(*LAST_ACK, Send("R"), Question(), Wait(Span.REPETITION)),
    shows=("rst.closing-states",),
    clause="RFC 9293 3.10.7.4 second",
)
