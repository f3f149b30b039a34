"""Options at odd places of the header are read all the same: the timestamp is echoed."""

from probe.scenarios.steps import Expect, Scenario, Send
from probe.spec.segment import MSS, NOP, WSCALE, Option

ODD = (Option(NOP), Option(MSS, (1460).to_bytes(2, "big")), Option(WSCALE, b"\x07"), Option(NOP), Option(NOP))

SCENARIO = Scenario(
    id="options-unaligned",
    title="options not aligned",
    steps=(
        Send("S", options=ODD, stamp=0, rule="opt.unaligned"),
        Expect("S."),
        Send("."),
        Send("P.", data=b"x"),
        Expect("."),
    ),
    shows=("opt.unaligned", "opt.ts-only-if-offered"),
    clause="RFC 9293 3.2",
    order=195,
)
