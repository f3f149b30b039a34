"""Our RST at RCV.NXT ends FIN-WAIT-2."""

from probe.scenarios.steps import FIN_WAIT_2, Question, Scenario, Send

SCENARIO = Scenario(
    id="rst-fin-wait-2",
    title="RST in FIN-WAIT-2",
    steps=(*FIN_WAIT_2, Send("R"), Question()),
    shows=("rst.closing-states", "aclose.fin-acked-stops"),
    clause="RFC 9293 3.10.7.4 second",
)
