"""Options at odd places of the header are read all the same: the timestamp is echoed."""

from probe.scenarios.steps import HEARD, ISS, SPEAK, Expect, Scenario, Send
from probe.spec.segment import MSS, NOP, WSCALE, Option

ODD = (Option(NOP), Option(MSS, (1460).to_bytes(2, "big")), Option(WSCALE, b"\x07"), Option(NOP), Option(NOP))

SCENARIO = Scenario(
    id="options-unaligned",
    title="options not aligned",
    steps=(
        *HEARD,
        Send("S", seq=ISS + 100_000, fresh=True, options=ODD, stamp=0, rule="opt.unaligned"),
        Expect("S."),
        Send("."),
        *SPEAK,
    ),
    shows=("opt.unaligned", "opt.ts-only-if-offered"),
    clause="RFC 9293 3.2",
    risky=True,
)
