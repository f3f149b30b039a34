"""Our FIN comes again in CLOSING: acknowledged again."""

from probe.scenarios.steps import CLOSING, NXT, TEXT, Expect, Question, Scenario, Send

SCENARIO = Scenario(
    id="closing-fin",
    title="our FIN again in CLOSING",
    steps=(*CLOSING, Send("F.", seq=NXT - 1, ack=TEXT), Expect("settled"), Question()),
    shows=("simclose.fin-acked", "simclose.dup-fin-reacked"),
    clause="RFC 9293 3.10.7.4 first; 3.6 Figure 13",
)
