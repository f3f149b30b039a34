"""Data without the timestamp that was negotiated: dropped (or taken), never a reason to end the connection."""

from probe.scenarios.steps import MORE, OPEN_STAMPED, SPEAK, Expect, Scenario, Send

SCENARIO = Scenario(
    id="stamp-missing",
    title="data without the negotiated timestamp",
    steps=(
        *OPEN_STAMPED,
        *SPEAK,
        Send("P.", data=MORE, options=(), counts=False, rule="opt.ts-missing-survived"),
        Expect("settled", silence=True),
        Send("P.", data=MORE[:1]),  # whose acknowledgment tells whether more was taken
        Expect("settled"),
        Expect("."),
    ),
    shows=(),
    clause="RFC 7323 3.2",
    may_show=("opt.ts-missing-survived", "opt.ts-missing-dropped"),
)
