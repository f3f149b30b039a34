"""Data without the timestamp that was negotiated: dropped (or taken), never a reason to end the connection."""

from probe.scenarios.steps import OPEN_STAMPED, SPEAK, Expect, Scenario, Send

SCENARIO = Scenario(
    id="stamp-missing",
    title="data without the negotiated timestamp",
    steps=(
        *OPEN_STAMPED,
        *SPEAK,
        Send("P.", data=b"x", options=(), counts=False, rule="opt.ts-missing-survived"),
        Expect("settled", silence=True),
        Send("P.", data=b"x"),
        Expect("settled"),
        Expect("."),
    ),
    shows=(),
    clause="RFC 7323 3.2",
    may_show=("opt.ts-missing-survived", "opt.ts-missing-dropped"),
)
