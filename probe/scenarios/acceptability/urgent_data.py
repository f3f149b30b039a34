"""Data with URG and PSH is data: acknowledged like any other."""

from probe.scenarios.steps import OPEN, WORD, Expect, Scenario, Send

SCENARIO = Scenario(
    id="urgent-data",
    title="data with URG and PSH",
    steps=(*OPEN, Send("PU.", data=WORD, urgent=10), Expect(".")),
    shows=("ack.under-half-second",),
    clause="RFC 9293 3.8.5; 3.10.7.4 sixth",
    risky=True,
)
