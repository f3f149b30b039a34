"""Two full-sized segments back to back are acknowledged at once."""

from probe.scenarios.steps import OPEN, Expect, Scenario, Send

SCENARIO = Scenario(
    id="full-segments",
    title="two full-sized segments",
    steps=(
        *OPEN,
        Send(".", data=bytes(1460)),
        Send("P.", data=bytes(1460)),
        Expect(".", within=2.0),
    ),
    shows=("ack.every-second-full-segment",),
    clause="RFC 9293 3.8.6.3",
    order=84,
)
