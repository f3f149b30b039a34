"""Data rides on the third segment of the handshake: it is taken and acknowledged."""

from probe.scenarios.steps import SYN_RECEIVED, WORD, Expect, Question, Scenario, Send

SCENARIO = Scenario(
    id="ack-with-data",
    title="data on the handshake's ACK",
    steps=(*SYN_RECEIVED, Send("P.", data=WORD), Expect("."), Question()),
    shows=("open.ack-with-data",),
    clause="RFC 9293 3.10.7.4 fifth, seventh",
)
