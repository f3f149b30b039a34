"""In SYN-SENT a RST that acknowledges what was never sent is dropped, without a RST in return (section 3.10.7.3)."""

from probe.scenarios.steps import CALLED, PEER, ZERO, Expect, Question, Scenario, Send

SCENARIO = Scenario(
    id="active-rst-bad-ack",
    title="RST with a bad ACK in SYN-SENT",
    steps=(*CALLED, Send("R.", seq=ZERO, ack=PEER + 5, counts=False), Send("S."), Expect("."), Question()),
    shows=("active.rst-bad-ack-ignored", "active.synack-acked"),
    clause="RFC 9293 3.10.7.3 first",
    opens="peer",
)
