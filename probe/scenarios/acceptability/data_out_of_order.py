"""Data beyond a gap is not acknowledged before the gap is filled."""

from probe.scenarios.steps import NXT, OPEN, SPEAK, Expect, Scenario, Send

SCENARIO = Scenario(
    id="data-out-of-order",
    title="data out of order",
    steps=(
        *OPEN,
        *SPEAK,
        Send("P.", seq=NXT + 5, data=b"56789"),
        Expect("settled", silence=True),
        Send("P.", seq=NXT - 10, data=b"01234"),
        Expect("settled"),
        Send("P.", seq=NXT - 5, data=b"56789"),
        Expect("."),
    ),
    shows=("seg.out-of-order-held",),
    clause="RFC 9293 3.10.7.4 first, seventh; 3.8.6.3",
)
