"""A FIN without ACK is dropped: the connection goes on."""

from probe.scenarios.steps import OPEN, Expect, Scenario, Send

SCENARIO = Scenario(
    id="fin-without-ack",
    title="FIN without the ACK flag",
    steps=(
        *OPEN,
        Send("F", counts=False),
        Send("P.", data=b"x"),
        Expect("."),
    ),
    shows=("close.fin-without-ack-dropped",),
    clause="RFC 9293 3.10.7.4 fifth",
    order=161,
)
