"""Our RST at RCV.NXT ends CLOSE-WAIT."""

from probe.scenarios.steps import CLOSE_WAIT, Question, Scenario, Send

SCENARIO = Scenario(
    id="rst-close-wait",
    title="RST in CLOSE-WAIT",
    steps=(*CLOSE_WAIT, Send("R"), Question()),
    shows=("rst.closing-states",),
    clause="RFC 9293 3.10.7.4 second",
)
