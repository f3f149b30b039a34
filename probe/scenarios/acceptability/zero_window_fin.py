"""The peer's receive window is closed: our FIN is answered, whether it is taken or not (section 3.8.6.1)."""

from probe.scenarios.steps import FULL, Expect, Question, Scenario, Send

SCENARIO = Scenario(
    id="zero-window-fin",
    title="our FIN meets a closed window",
    steps=(*FULL, Send("F.", counts=False, rule="close.fin-into-zero-window"), Expect("settled"), Question()),
    shows=("close.fin-into-zero-window",),
    clause="RFC 9293 3.4; 3.10.7.4 first; 3.8.6.1",
    opens="peer",
    risky=True,
)
