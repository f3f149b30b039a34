"""The peer closes first: its FIN, our ACK, our FIN, its ACK; it ends in TIME-WAIT (Figure 12, the other way round)."""

from probe.scenarios.steps import OPEN, Command, Expect, Scenario, Send

SCENARIO = Scenario(
    id="close-by-peer",
    title="close by the peer",
    steps=(
        *OPEN,
        Send("P.", data=Command("close")),
        Expect("F", rule="aclose.fin-form", application=True),
        Send("."),
        Send("F."),
        Expect("."),
    ),
    shows=("aclose.fin-form", "aclose.fin-acked-stops", "aclose.finwait2-fin"),
    clause="RFC 9293 3.6 Figure 12",
    topic="close_by_peer",
)
