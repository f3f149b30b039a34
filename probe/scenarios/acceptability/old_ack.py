"""Data whose ACK field lies far in the past: challenged and not taken, or taken; the connection works on."""

from probe.scenarios.steps import OPEN, RCV, SPEAK, Expect, Scenario, Send

SCENARIO = Scenario(
    id="old-ack",
    title="data with an ACK far in the past",
    steps=(
        *OPEN,
        *SPEAK,
        Send("P.", ack=RCV - (1 << 30), data=b"x", counts=False),
        Expect("settled"),
        Send("P.", data=b"x"),
        Expect("settled"),
        Expect("."),
    ),
    shows=("ack.under-half-second",),
    clause="RFC 9293 3.10.7.4 fifth; RFC 5961 5.2",
    may_show=("seg.ack-too-old",),
    risky=True,
)
