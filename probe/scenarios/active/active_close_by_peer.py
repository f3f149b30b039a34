"""The peer opened and closes first: its FIN, our ACK, our FIN, its ACK (Figure 12)."""

from probe.scenarios.steps import ANSWERED, PEER_CLOSES, Expect, Scenario, Send

SCENARIO = Scenario(
    id="active-close-by-peer",
    title="close by the peer of a connection it opened",
    steps=(*ANSWERED, *PEER_CLOSES, Send("."), Send("F."), Expect(".")),
    shows=("aclose.fin-form", "aclose.finwait2-fin"),
    clause="RFC 9293 3.6 Figure 12",
    topic="close_by_peer",
    opens="peer",
)
