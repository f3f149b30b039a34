"""In-order data is acknowledged in less than half a second."""

from probe.scenarios.steps import OPEN, WORD, Expect, Scenario, Send, Span

SCENARIO = Scenario(
    id="delayed-ack",
    title="data acknowledged within 0.5 s",
    steps=(*OPEN, Send("P.", data=WORD), Expect(".", within=Span.LATE)),
    shows=("ack.under-half-second",),
    clause="RFC 9293 3.8.6.3",
    prompt=True,
)
