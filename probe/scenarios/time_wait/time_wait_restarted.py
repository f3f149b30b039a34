"""Our FIN, sent again in TIME-WAIT, starts 2MSL anew."""

from probe.scenarios.steps import NXT, OPEN, Command, Expect, Scenario, Send, Wait

SCENARIO = Scenario(
    id="time-wait-restarted",
    title="2MSL starts anew in TIME-WAIT",
    steps=(
        *OPEN,
        Send("P.", data=Command("close")),
        Expect("F", rule="aclose.fin-form", application=True),
        Send("F."),
        Expect("."),
        Wait(40.0),
        Send("F.", seq=NXT - 1),
        Expect("settled"),
        Wait(39.0),
        Send("F.", seq=NXT - 1),
        Expect("settled"),
    ),
    shows=("timewait.timer-restart",),
    clause="RFC 9293 3.10.7.4 fifth, eighth",
    waits=True,
    slow=True,
    expires=True,
)
