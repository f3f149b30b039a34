"""A RST outside the window does not end TIME-WAIT."""

from probe.scenarios.steps import FIN_AGAIN, NXT, TIME_WAIT, Scenario, Send, Span, Wait

SCENARIO = Scenario(
    id="time-wait-rst-outside",
    title="RST outside the window in TIME-WAIT",
    steps=(*TIME_WAIT, Send("R", seq=NXT - 100), Wait(Span.SILENCE), *FIN_AGAIN),
    shows=("timewait.rst-out-of-window", "timewait.fin-reacked"),
    clause="RFC 9293 3.10.7.4 first",
)
