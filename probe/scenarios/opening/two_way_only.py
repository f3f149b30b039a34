"""Two segments are not enough: without our ACK the peer only repeats its SYN,ACK, and our RST leaves nothing."""

from probe.scenarios.steps import SYN_RECEIVED, Expect, Question, Scenario, Send, Span

SCENARIO = Scenario(
    id="two-way-only",
    title="no third segment, no connection",
    steps=(*SYN_RECEIVED, Expect("S.", within=Span.NEVER, count=2, rule="synack.retransmitted"), Send("R"), Question()),
    shows=("open.two-way-only", "open.rst-returns-to-listen", "synack.retransmitted"),
    clause="RFC 9293 3.4.1; 3.5",
    waits=True,
)
