"""Window scale on a segment without SYN is ignored."""

from probe.scenarios.steps import OPEN, SPEAK_ON, WORD, Expect, Scenario, Send
from probe.spec.segment import NOP, WSCALE, Option

LATE = (Option(NOP), Option(WSCALE, b"\x07"))

SCENARIO = Scenario(
    id="options-scale-late",
    title="window scale on data",
    steps=(*OPEN, Send("P.", data=WORD, options=LATE, rule="opt.ws-on-non-syn-ignored"), Expect("."), *SPEAK_ON),
    shows=("opt.ws-on-non-syn-ignored",),
    clause="RFC 7323 2.2",
)
