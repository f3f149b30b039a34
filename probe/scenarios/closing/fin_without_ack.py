"""A FIN without ACK is dropped: the connection goes on."""

from probe.scenarios.steps import OPEN, SPEAK, SPEAK_ON, Question, Scenario, Send, Span, Wait

SCENARIO = Scenario(
    id="fin-without-ack",
    title="FIN without the ACK flag",
    steps=(*OPEN, *SPEAK, Send("F", counts=False), Wait(Span.SILENCE), Question(), *SPEAK_ON),
    shows=("close.fin-without-ack-dropped",),
    clause="RFC 9293 3.10.7.4 fifth",
)
