"""Our SYN,ACK comes again: the client answers with its ACK again, so that a lost third segment is repaired."""

from probe.scenarios.steps import ANSWERED, ISS, SPEAK, Expect, Question, Scenario, Send

SCENARIO = Scenario(
    id="active-synack-again",
    title="SYN,ACK repeated",
    steps=(*ANSWERED, Send("S.", seq=ISS), Expect("settled"), Question(), *SPEAK),
    shows=("synsync.retransmitted-synack", "active.synack-acked"),
    clause="RFC 9293 3.10.7.4 first",
    opens="peer",
)
