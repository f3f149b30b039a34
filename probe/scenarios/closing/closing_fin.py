"""Our FIN comes again in CLOSING: acknowledged again."""

from probe.scenarios.steps import NXT, OPEN, TEXT, Command, Expect, Scenario, Send

SCENARIO = Scenario(
    id="closing-fin",
    title="our FIN again in CLOSING",
    steps=(
        *OPEN,
        Send("P.", data=Command("close")),
        Expect("F", rule="aclose.fin-form", application=True),
        Send("F.", ack=TEXT),
        Expect("."),
        Send("F.", seq=NXT - 1, ack=TEXT),
        Expect("settled"),
    ),
    shows=("simclose.fin-acked", "simclose.dup-fin-reacked"),
    clause="RFC 9293 3.10.7.4 first; 3.6 Figure 13",
)
