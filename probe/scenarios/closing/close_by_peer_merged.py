"""The peer closes first and we have nothing left to send: our ACK and FIN merge, three segments (Figure 5 note 2)."""

from probe.scenarios.steps import FIN_AGAIN, FIN_WAIT_1, Expect, Scenario, Send

SCENARIO = Scenario(
    id="close-by-peer-merged",
    title="close by the peer, our ACK and FIN in one segment",
    steps=(*FIN_WAIT_1, Send("F."), Expect("."), *FIN_AGAIN),
    shows=("aclose.fin-and-ack-together", "timewait.fin-reacked"),
    clause="RFC 9293 3.10.7.4 eighth; Figure 5 note 2",
    topic="close_by_peer",
)
