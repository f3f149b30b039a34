"""Our RST at RCV.NXT ends CLOSE-WAIT."""

from probe.scenarios.steps import CLOSE_WAIT, LIVE, Scenario, Send

SCENARIO = Scenario(
    id="rst-close-wait",
    title="RST in CLOSE-WAIT",
    steps=(*CLOSE_WAIT, Send("R"), *LIVE),
    shows=("rst.closing-states",),
    clause="RFC 9293 3.10.7.4 second",
)
