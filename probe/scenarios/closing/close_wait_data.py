"""Data behind our FIN is not taken: silence, or the ACK of the FIN again."""

from probe.scenarios.steps import ALIVE, OPEN, Command, Expect, Scenario, Send

SCENARIO = Scenario(
    id="close-wait-data",
    title="data after our FIN",
    steps=(
        *OPEN,
        Send("P.", data=Command("hold")),
        Expect("."),
        Send("F."),
        Expect("."),
        Send("P.", data=b"x", counts=False),
        *ALIVE,
    ),
    shows=("close.data-after-fin-ignored",),
    clause="RFC 9293 3.10.7.4 seventh",
)
