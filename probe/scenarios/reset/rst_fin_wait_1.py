"""Our RST at RCV.NXT ends FIN-WAIT-1: the FIN is not sent again."""

from probe.scenarios.steps import FIN_WAIT_1, Question, Scenario, Send, Span, Wait

SCENARIO = Scenario(
    id="rst-fin-wait-1",
    title="RST in FIN-WAIT-1",
    steps=(*FIN_WAIT_1, Send("R"), Question(), Wait(Span.REPETITION)),
    shows=("rst.closing-states",),
    clause="RFC 9293 3.10.7.4 second",
)
