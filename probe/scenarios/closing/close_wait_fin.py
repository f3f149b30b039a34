"""Our FIN comes again in CLOSE-WAIT: acknowledged again."""

from probe.scenarios.steps import NXT, OPEN, Command, Expect, Scenario, Send

SCENARIO = Scenario(
    id="close-wait-fin",
    title="our FIN again in CLOSE-WAIT",
    steps=(
        *OPEN,
        Send("P.", data=Command("hold")),
        Expect("."),
        Send("F."),
        Expect("."),
        Send("F.", seq=NXT - 1),
        Expect("settled"),
    ),
    shows=("close.fin-retransmit-reacked",),
    clause="RFC 9293 3.10.7.4 first",
)
