"""Data with an older timestamp is an old duplicate: an ACK answers it and it is not taken."""

from probe.scenarios.steps import MORE, OPEN_STAMPED, SPEAK, Expect, Scenario, Send

SCENARIO = Scenario(
    id="paws-old",
    title="data with an older timestamp",
    steps=(
        *OPEN_STAMPED,
        *SPEAK,
        Send("P.", data=MORE, stamp=-1000, counts=False),
        Expect("settled"),
        Send("P.", data=MORE[:1]),  # whose acknowledgment tells whether more was taken
        Expect("."),
    ),
    shows=(),
    clause="RFC 7323 5.3 R1",
    may_show=("opt.paws-old-acked",),
)
