"""The peer's receive window is closed: a RST at RCV.NXT still ends the connection (section 3.4, MUST-66)."""

from probe.scenarios.steps import FULL, Question, Scenario, Send, Span, Wait

SCENARIO = Scenario(
    id="zero-window-rst",
    title="our RST meets a closed window",
    steps=(*FULL, Send("R", rule="rst.zero-window"), Question(), Wait(Span.SILENCE)),
    shows=("rst.zero-window",),
    clause="RFC 9293 3.4; 3.10.7.4 second",
    opens="peer",
    risky=True,
)
