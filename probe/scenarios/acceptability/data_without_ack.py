"""Data without ACK is dropped: RCV.NXT stays where it is."""

from probe.scenarios.steps import OPEN, SPEAK, SPEAK_ON, Question, Scenario, Send, Span, Wait

SCENARIO = Scenario(
    id="data-without-ack",
    title="data without the ACK flag",
    steps=(*OPEN, *SPEAK, Send("P", data=b"y", counts=False), Wait(Span.SILENCE), Question(), *SPEAK_ON),
    shows=("seg.no-ack-bit-dropped",),
    clause="RFC 9293 3.10.7.4 fifth",
)
