"""An old duplicate in TIME-WAIT draws the current ACK."""

from probe.scenarios.steps import NXT, OPEN, Command, Expect, Scenario, Send

SCENARIO = Scenario(
    id="time-wait-old-data",
    title="old data in TIME-WAIT",
    steps=(
        *OPEN,
        Send("P.", data=Command("close")),
        Expect("F", rule="aclose.fin-form", application=True),
        Send("F."),
        Expect("."),
        Send("P.", seq=NXT - 11, data=b"0123456789"),
        Expect("settled"),
        Send("F.", seq=NXT - 1),
        Expect("settled"),
    ),
    shows=("timewait.old-segment-acked", "timewait.fin-reacked"),
    clause="RFC 9293 3.10.7.4 first; RFC 1337 2",
)
