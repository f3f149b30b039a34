"""Our RST at RCV.NXT ends FIN-WAIT-2."""

from probe.scenarios.steps import LIVE, OPEN, Command, Expect, Scenario, Send

SCENARIO = Scenario(
    id="rst-fin-wait-2",
    title="RST in FIN-WAIT-2",
    steps=(
        *OPEN,
        Send("P.", data=Command("close")),
        Expect("F", rule="aclose.fin-form", application=True),
        Send("."),
        Send("R"),
        *LIVE,
    ),
    shows=("rst.closing-states", "aclose.fin-acked-stops"),
    clause="RFC 9293 3.10.7.4 second",
)
