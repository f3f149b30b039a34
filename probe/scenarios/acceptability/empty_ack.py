"""An acceptable empty ACK draws nothing."""

from probe.scenarios.steps import OPEN, Question, Scenario, Send, Span, Wait

SCENARIO = Scenario(
    id="empty-ack",
    title="an empty ACK draws nothing",
    steps=(*OPEN, Send("."), Question(), Wait(Span.SILENCE)),
    shows=("seg.pure-ack-silent",),
    clause="RFC 9293 3.5 Figure 6; 3.10.7.4",
)
