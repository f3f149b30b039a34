"""A FIN beyond a gap is not acknowledged before the gap is filled."""

from probe.scenarios.steps import NXT, OPEN, SPEAK, Expect, Scenario, Send

SCENARIO = Scenario(
    id="fin-out-of-order",
    title="FIN out of order",
    steps=(
        *OPEN,
        *SPEAK,
        Send("F.", seq=NXT + 5),
        Expect("settled", silence=True),
        Send("P.", seq=NXT - 6, data=b"01234"),
        Expect("settled"),
        Send("F.", seq=NXT - 1),
        Expect("."),
    ),
    shows=("close.fin-out-of-order",),
    clause="RFC 9293 3.10.7.4 first",
)
