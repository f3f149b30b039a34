"""Our FIN rides on data: the ACK covers both."""

from probe.scenarios.steps import OPEN, WORD, Expect, Question, Scenario, Send

SCENARIO = Scenario(
    id="fin-with-data",
    title="FIN with data",
    steps=(*OPEN, Send("FP.", data=WORD), Expect("."), Question()),
    shows=("close.fin-with-data",),
    clause="RFC 9293 3.4; 3.10.7.4 seventh, eighth",
)
