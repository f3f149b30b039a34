"""Our RST at RCV.NXT ends LAST-ACK: the FIN is not sent again."""

from probe.scenarios.steps import LIVE, OPEN, Expect, Scenario, Send, Wait

SCENARIO = Scenario(
    id="rst-last-ack",
    title="RST in LAST-ACK",
    steps=(
        *OPEN,
        Send("F."),
        Expect("."),
        Expect("F", rule="close.passive-fin", application=True),
        Send("R"),
        *LIVE,
        Wait(0.6),
    ),
    shows=("rst.closing-states",),
    clause="RFC 9293 3.10.7.4 second",
)
