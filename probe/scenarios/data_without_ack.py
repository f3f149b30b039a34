"""Data without ACK is dropped: RCV.NXT stays where it is."""

from probe.scenarios.steps import LIVE, OPEN, Scenario, Send

SCENARIO = Scenario(
    id="data-without-ack",
    title="data without the ACK flag",
    steps=(
        *OPEN,
        Send("P", data=b"x", counts=False),
        *LIVE,
    ),
    shows=("seg.no-ack-bit-dropped",),
    clause="RFC 9293 3.10.7.4 fifth",
    order=154,
)
