"""Our ACK is withheld in CLOSING: the peer's FIN stays on its retransmission queue."""

from probe.scenarios.steps import NXT, OPEN, TEXT, Command, Expect, Scenario, Send

SCENARIO = Scenario(
    id="closing-fin-again",
    title="FIN again in CLOSING",
    steps=(
        *OPEN,
        Send("P.", data=Command("close")),
        Expect("F", rule="aclose.fin-form", application=True),
        Send("F.", ack=TEXT),
        Expect("."),
        Expect("F", within=5.0, count=2, rule="simclose.fin-still-retransmitted"),
        Send("."),
        Send("F.", seq=NXT - 1),
        Expect("settled"),
    ),
    shows=("simclose.fin-still-retransmitted", "timewait.fin-reacked"),
    clause="RFC 9293 3.10.8; 3.6 Figure 13",
    waits=True,
)
