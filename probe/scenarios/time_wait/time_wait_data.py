"""Data in TIME-WAIT is not taken: silence, or the current ACK."""

from probe.scenarios.steps import NXT, OPEN, Command, Expect, Scenario, Send

SCENARIO = Scenario(
    id="time-wait-data",
    title="data in TIME-WAIT",
    steps=(
        *OPEN,
        Send("P.", data=Command("close")),
        Expect("F", rule="aclose.fin-form", application=True),
        Send("F."),
        Expect("."),
        Send("P.", data=b"x", counts=False),
        Send("F.", seq=NXT - 1),
        Expect("settled"),
    ),
    shows=("timewait.data-ignored", "timewait.fin-reacked"),
    clause="RFC 9293 3.10.7.4 seventh",
)
