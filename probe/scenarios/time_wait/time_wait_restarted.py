"""Our FIN, sent again in TIME-WAIT, starts 2MSL anew."""

from probe.scenarios.steps import FIN_AGAIN, TIME_WAIT, Scenario, Wait

SCENARIO = Scenario(
    id="time-wait-restarted",
    title="2MSL starts anew in TIME-WAIT",
    steps=(*TIME_WAIT, Wait(40.0), *FIN_AGAIN, Wait(39.0), *FIN_AGAIN),
    shows=("timewait.timer-restart",),
    clause="RFC 9293 3.10.7.4 fifth, eighth",
    waits=True,
    slow=True,
    expires=True,
)
