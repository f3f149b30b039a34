"""The peer closes first and our ACK is withheld: it sends its FIN again in FIN-WAIT-1 until it is acknowledged."""

from probe.scenarios.steps import FIN_WAIT_1, Expect, Repeats, Scenario, Send, Span

SCENARIO = Scenario(
    id="fin-wait-1-fin",
    title="FIN again in FIN-WAIT-1 when our ACK is lost",
    steps=(
        *FIN_WAIT_1,
        Expect("F", within=Span.NEVER, count=2, rule="aclose.fin-retransmit"),
        Expect("F", within=Span.NEVER, count=3, rule="aclose.fin-retransmit"),
        Send("."),
        Send("F."),
        Expect("."),
    ),
    shows=("aclose.fin-retransmit", "aclose.finwait2-fin"),
    clause="RFC 9293 3.6 case 1; 3.10.8; RFC 6298 5",
    waits=True,
    repeats=(Repeats("F", growth_rule="aclose.fin-retransmit"),),
)
