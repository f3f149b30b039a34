"""Options on an ordinary segment (no-operation, MSS, an unknown one) change nothing."""

from probe.scenarios.steps import OPEN, WORD, Expect, Scenario, Send
from probe.spec.segment import MSS, NOP, Option

SOME = (Option(NOP), Option(NOP), Option(MSS, (536).to_bytes(2, "big")), Option(253, bytes(4)))

SCENARIO = Scenario(
    id="options-on-data",
    title="options on data",
    steps=(*OPEN, Send("P.", data=WORD, options=SOME, rule="opt.any-segment"), Expect(".")),
    shows=("opt.any-segment",),
    clause="RFC 9293 3.1; 3.2",
)
