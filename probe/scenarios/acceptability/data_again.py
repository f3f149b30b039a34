"""Data that was acknowledged comes again: the current ACK answers it."""

from probe.scenarios.steps import NXT, OPEN, SPEAK, WORD, Expect, Scenario, Send

SCENARIO = Scenario(
    id="data-again",
    title="old data again",
    steps=(*OPEN, *SPEAK, Send("P.", seq=NXT - 10, data=WORD), Expect("settled")),
    shows=("seg.old-duplicate-acked",),
    clause="RFC 9293 3.10.7.4 first",
)
