"""Timestamps that were not negotiated are ignored: the data is taken, the answer carries none."""

from probe.scenarios.steps import OPEN, SPEAK_ON, WORD, Expect, Scenario, Send

SCENARIO = Scenario(
    id="options-stamp-late",
    title="timestamps not negotiated",
    steps=(*OPEN, Send("P.", data=WORD, stamp=0, rule="opt.ts-unnegotiated-ignored"), Expect("."), *SPEAK_ON),
    shows=("opt.ts-unnegotiated-ignored",),
    clause="RFC 7323 3.2",
)
