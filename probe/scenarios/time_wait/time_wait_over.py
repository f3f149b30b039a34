"""After 2MSL, four minutes at most, nothing is left of the connection."""

from probe.scenarios.steps import NXT, OPEN, Command, Expect, Scenario, Send, Wait

SCENARIO = Scenario(
    id="time-wait-over",
    title="TIME-WAIT ends",
    steps=(
        *OPEN,
        Send("P.", data=Command("close")),
        Expect("F", rule="aclose.fin-form", application=True),
        Send("F."),
        Expect("."),
        Wait(245.0),
        Send("F.", seq=NXT - 1),
        Expect("settled"),
    ),
    shows=("timewait.expires",),
    clause="RFC 9293 3.10.8; 3.4.2",
    waits=True,
    slow=True,
    expires=True,
)
