"""Of a RST only the sequence number counts: a wrong ACK field does not save the connection."""

from probe.scenarios.steps import OPEN, RCV, SPEAK, Question, Scenario, Send

SCENARIO = Scenario(
    id="rst-bad-ack",
    title="RST with a wrong ACK field",
    steps=(*OPEN, *SPEAK, Send("R.", ack=RCV + 1000, rule="rst.ack-field-irrelevant"), Question()),
    shows=("rst.ack-field-irrelevant",),
    clause="RFC 9293 3.5.3",
)
