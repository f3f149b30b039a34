"""Both ends close at once: our FIN crosses the peer's, it goes through CLOSING to TIME-WAIT (Figure 13)."""

from probe.scenarios.steps import LIVE, NXT, OPEN, TEXT, Command, Expect, Scenario, Send, Wait

SCENARIO = Scenario(
    id="simultaneous-close",
    title="simultaneous close",
    steps=(
        *OPEN,
        Send("P.", data=Command("close")),
        Expect("F", rule="aclose.fin-form", application=True),
        Send("F.", ack=TEXT),
        Expect("."),
        Send("."),
        *LIVE,
        Wait(0.6),
        Send("F.", seq=NXT - 1),
        Expect("settled"),
    ),
    shows=("simclose.fin-acked", "simclose.ends-in-timewait", "timewait.fin-reacked"),
    clause="RFC 9293 3.6 Figure 13",
)
