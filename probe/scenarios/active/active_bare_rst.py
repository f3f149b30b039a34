"""In SYN-SENT a RST without ACK is dropped (section 3.10.7.3, second; RFC 5961 section 3.2)."""

from probe.scenarios.steps import CALLED, ISS, Expect, Question, Scenario, Send

SCENARIO = Scenario(
    id="active-bare-rst",
    title="RST without ACK in SYN-SENT",
    steps=(*CALLED, Send("R", seq=ISS, counts=False), Send("S."), Expect("."), Question()),
    shows=("active.rst-without-ack-ignored", "active.synack-acked"),
    clause="RFC 9293 3.10.7.3 second",
    opens="peer",
)
