"""Our RST at RCV.NXT ends CLOSE-WAIT."""

from probe.scenarios.steps import LIVE, OPEN, Command, Expect, Scenario, Send

SCENARIO = Scenario(
    id="rst-close-wait",
    title="RST in CLOSE-WAIT",
    steps=(
        *OPEN,
        Send("P.", data=Command("hold")),
        Expect("."),
        Send("F."),
        Expect("."),
        Send("R"),
        *LIVE,
    ),
    shows=("rst.closing-states",),
    clause="RFC 9293 3.10.7.4 second",
)
