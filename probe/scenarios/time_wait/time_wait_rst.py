"""A RST at RCV.NXT either ends TIME-WAIT or is ignored there (RFC 1337); it is not answered."""

from probe.scenarios.steps import FIN_AGAIN, TIME_WAIT, Scenario, Send, Span, Wait

SCENARIO = Scenario(
    id="time-wait-rst",
    title="RST in TIME-WAIT",
    steps=(*TIME_WAIT, Send("R"), Wait(Span.SILENCE), *FIN_AGAIN),
    shows=("timewait.rst",),
    clause="RFC 9293 3.10.7.4 second; RFC 1337 3",
)
