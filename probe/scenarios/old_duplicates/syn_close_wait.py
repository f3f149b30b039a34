"""A SYN in the window of CLOSE-WAIT: a challenge ACK (without RFC 5961: a RST ends the connection)."""

from probe.scenarios.steps import CLOSE_WAIT, Expect, Question, Scenario, Send

SCENARIO = Scenario(
    id="syn-close-wait",
    title="SYN in CLOSE-WAIT",
    steps=(*CLOSE_WAIT, Send("S", counts=False), Expect("settled"), Question()),
    shows=("synsync.closing-states",),
    clause="RFC 9293 3.10.7.4 fourth; RFC 5961 4.2",
)
