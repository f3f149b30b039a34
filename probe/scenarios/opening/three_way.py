"""The documented three-way handshake: SYN(t) -> SYN,ACK(p, t+1) -> ACK(t+1, p+1); then the connection answers."""

from probe.scenarios.steps import OPEN, Question, Scenario

SCENARIO = Scenario(
    id="open",
    title="three-way handshake",
    steps=(*OPEN, Question()),
    shows=(
        "open.listen-syn-synack",
        "open.synack-ack-number",
        "open.final-ack-establishes",
        "open.no-data-in-handshake",
    ),
    clause="RFC 9293 3.5 Figure 6",
    topic="three_way",
)
