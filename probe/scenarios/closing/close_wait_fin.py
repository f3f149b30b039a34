"""Our FIN comes again in CLOSE-WAIT: acknowledged again."""

from probe.scenarios.steps import CLOSE_WAIT, FIN_AGAIN, Question, Scenario

SCENARIO = Scenario(
    id="close-wait-fin",
    title="our FIN again in CLOSE-WAIT",
    steps=(*CLOSE_WAIT, *FIN_AGAIN, Question()),
    shows=("close.fin-retransmit-reacked",),
    clause="RFC 9293 3.10.7.4 first",
)
