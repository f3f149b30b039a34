"""Text of two full-sized segments and more, back to back, is acknowledged at once."""

from probe.scenarios.steps import OPEN, Expect, Scenario, Send, Span

SCENARIO = Scenario(
    id="full-segments",
    title="two full-sized segments",
    steps=(
        *OPEN,
        Send(".", data=bytes(1220), crossing=True),
        Send(".", data=bytes(1220), crossing=True),
        Send("P.", data=bytes(1220), crossing=True),
        Expect(".", within=Span.LATE),
    ),
    shows=("ack.every-second-full-segment",),
    clause="RFC 9293 3.8.6.3",
    risky=True,
)
