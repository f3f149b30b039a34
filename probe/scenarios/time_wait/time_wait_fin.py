"""The peer's last ACK is lost: our FIN, sent again, meets TIME-WAIT and is acknowledged again."""

from probe.scenarios.steps import NXT, OPEN, Command, Expect, Scenario, Send

SCENARIO = Scenario(
    id="time-wait-fin",
    title="our FIN again meets TIME-WAIT",
    steps=(
        *OPEN,
        Send("P.", data=Command("close")),
        Expect("F", rule="aclose.fin-form", application=True),
        Send("."),
        Send("F."),
        Expect("."),
        Send("F.", seq=NXT - 1),
        Expect("settled"),
    ),
    shows=("timewait.fin-reacked",),
    clause="RFC 9293 3.10.7.4 fifth, eighth",
)
