"""The peer opens: its SYN, our SYN,ACK, its ACK (Figure 6, the other way round)."""

from probe.scenarios.steps import ANSWERED, Question, Scenario

SCENARIO = Scenario(
    id="active-open",
    title="three-way handshake, peer opens",
    steps=(*ANSWERED, Question()),
    shows=("active.syn-form", "active.synack-acked"),
    clause="RFC 9293 3.5 Figure 6",
    topic="three_way",
    opens="peer",
)
