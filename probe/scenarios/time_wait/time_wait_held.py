"""TIME-WAIT holds for 2MSL: 25 seconds on, our FIN is acknowledged again."""

from probe.scenarios.steps import NXT, OPEN, Command, Expect, Scenario, Send, Wait

SCENARIO = Scenario(
    id="time-wait-held",
    title="TIME-WAIT after 25 s",
    steps=(
        *OPEN,
        Send("P.", data=Command("close")),
        Expect("F", rule="aclose.fin-form", application=True),
        Send("F."),
        Expect("."),
        Wait(25.0),
        Send("F.", seq=NXT - 1),
        Expect("settled"),
    ),
    shows=("timewait.duration",),
    clause="RFC 9293 3.6.1; 3.4.2",
    waits=True,
    slow=True,
    expires=True,
)
