"""A RST at RCV.NXT either ends TIME-WAIT or is ignored there (RFC 1337); it is not answered."""

from probe.scenarios.steps import NXT, OPEN, Command, Expect, Scenario, Send, Wait

SCENARIO = Scenario(
    id="time-wait-rst",
    title="RST in TIME-WAIT",
    steps=(
        *OPEN,
        Send("P.", data=Command("close")),
        Expect("F", rule="aclose.fin-form", application=True),
        Send("F."),
        Expect("."),
        Send("R"),
        Wait(0.2),
        Send("F.", seq=NXT - 1),
        Expect("settled"),
    ),
    shows=("timewait.rst",),
    clause="RFC 9293 3.10.7.4 second; RFC 1337 3",
)
