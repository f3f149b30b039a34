"""The peer closes first and we have nothing left to send: our ACK and FIN merge, three segments (Figure 5 note 2)."""

from probe.scenarios.steps import NXT, OPEN, Command, Expect, Scenario, Send

SCENARIO = Scenario(
    id="close-by-peer-merged",
    title="close by the peer, our ACK and FIN in one segment",
    steps=(
        *OPEN,
        Send("P.", data=Command("close")),
        Expect("F", rule="aclose.fin-form", application=True),
        Send("F."),
        Expect("."),
        Send("F.", seq=NXT - 1),
        Expect("settled"),
    ),
    shows=("aclose.fin-and-ack-together", "timewait.fin-reacked"),
    clause="RFC 9293 3.10.7.4 eighth; Figure 5 note 2",
    topic="close_by_peer",
)
