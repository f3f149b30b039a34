"""A FIN rides on the third segment of the handshake: the peer goes to CLOSE-WAIT and acknowledges it."""

from probe.scenarios.steps import SYN_RECEIVED, Expect, Question, Scenario, Send

SCENARIO = Scenario(
    id="ack-with-fin",
    title="FIN on the handshake's ACK",
    steps=(*SYN_RECEIVED, Send("F."), Expect("."), Question()),
    shows=("open.ack-with-fin",),
    clause="RFC 9293 3.10.7.4 fifth, eighth",
)
