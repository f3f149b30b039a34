"""A RST outside the window does not end TIME-WAIT."""

from probe.scenarios.steps import NXT, OPEN, Command, Expect, Scenario, Send, Wait

SCENARIO = Scenario(
    id="time-wait-rst-outside",
    title="RST outside the window in TIME-WAIT",
    steps=(
        *OPEN,
        Send("P.", data=Command("close")),
        Expect("F", rule="aclose.fin-form", application=True),
        Send("F."),
        Expect("."),
        Send("R", seq=NXT - 100),
        Wait(0.2),
        Send("F.", seq=NXT - 1),
        Expect("settled"),
    ),
    shows=("timewait.rst-out-of-window", "timewait.fin-reacked"),
    clause="RFC 9293 3.10.7.4 first",
)
