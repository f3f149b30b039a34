"""Our ACK is withheld in CLOSING: the peer's FIN stays on its retransmission queue."""

from probe.scenarios.steps import CLOSING, FIN_AGAIN, Expect, Scenario, Send, Span

SCENARIO = Scenario(
    id="closing-fin-again",
    title="FIN again in CLOSING",
    steps=(
        *CLOSING,
        Expect("F", within=Span.NEVER, count=2, rule="simclose.fin-still-retransmitted"),
        Send("."),
        *FIN_AGAIN,
    ),
    shows=("simclose.fin-still-retransmitted", "timewait.fin-reacked"),
    clause="RFC 9293 3.10.8; 3.6 Figure 13",
    waits=True,
)
