"""Data behind our FIN is not taken: silence, or the ACK of the FIN again."""

from probe.scenarios.steps import CLOSE_WAIT, Question, Scenario, Send

SCENARIO = Scenario(
    id="close-wait-data",
    title="data after our FIN",
    steps=(*CLOSE_WAIT, Send("P.", data=b"x", counts=False), Question()),
    shows=("close.data-after-fin-ignored",),
    clause="RFC 9293 3.10.7.4 seventh",
)
