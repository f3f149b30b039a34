"""Our FIN, sent again in TIME-WAIT, starts 2MSL anew."""

from probe.scenarios.steps import FIN_AGAIN, TIME_WAIT, Scenario, Span, Wait

SCENARIO = Scenario(
    id="time-wait-restarted",
    title="2MSL starts anew in TIME-WAIT",
    steps=(*TIME_WAIT, Wait(Span.RESTART), *FIN_AGAIN, Wait(Span.RESTARTED), *FIN_AGAIN),
    shows=("timewait.timer-restart",),
    clause="RFC 9293 3.10.7.4 fifth, eighth",
    waits=True,
    slow=True,
    expires=True,
)
