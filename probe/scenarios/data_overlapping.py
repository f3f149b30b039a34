"""Of data that overlaps what was received only the new octets count."""

from probe.scenarios.steps import NXT, OPEN, Expect, Scenario, Send

SCENARIO = Scenario(
    id="data-overlapping",
    title="data half old, half new",
    steps=(
        *OPEN,
        Send("P.", data=b"01234"),
        Expect("."),
        Send("P.", seq=NXT - 3, data=b"23456789"),
        Expect("settled"),
        Expect("."),
    ),
    shows=("seg.overlap-trimmed",),
    clause="RFC 9293 3.10.7.4 first",
    order=152,
)
