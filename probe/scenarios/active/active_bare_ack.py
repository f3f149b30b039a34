"""In SYN-SENT an acceptable ACK without SYN is dropped (section 3.10.7.3, fifth)."""

from probe.scenarios.steps import CALLED, ISS, Expect, Question, Scenario, Send

SCENARIO = Scenario(
    id="active-bare-ack",
    title="bare ACK in SYN-SENT",
    steps=(*CALLED, Send(".", seq=ISS, counts=False), Send("S."), Expect("."), Question()),
    shows=("active.good-ack-without-syn-dropped", "active.synack-acked"),
    clause="RFC 9293 3.10.7.3 fifth",
    opens="peer",
)
