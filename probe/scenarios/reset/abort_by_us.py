"""We abort with a RST exactly at RCV.NXT: the peer says nothing and the connection is gone."""

from probe.scenarios.steps import OPEN, Question, Scenario, Send, Span, Wait

SCENARIO = Scenario(
    id="abort-by-us",
    title="abort by our RST",
    steps=(*OPEN, Send("R"), Question(), Wait(Span.SILENCE)),
    shows=("rst.exact-resets", "listen.ack-gets-rst"),
    clause="RFC 9293 3.5.3; 3.10.7.4 second",
)
