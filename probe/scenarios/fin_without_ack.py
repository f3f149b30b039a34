"""A FIN without ACK is dropped: the connection goes on."""

from probe.scenarios.steps import OPEN, Expect, Scenario, Send, Wait

SCENARIO = Scenario(
    id="fin-without-ack",
    title="FIN without the ACK flag",
    steps=(
        *OPEN,
        Send("P.", data=b"0123456789"),
        Expect("."),
        Send("F", counts=False),
        Wait(0.2),
        Send("P.", data=b"0123456789"),
        Expect("."),
    ),
    shows=("close.fin-without-ack-dropped",),
    clause="RFC 9293 3.10.7.4 fifth",
    order=161,
)
