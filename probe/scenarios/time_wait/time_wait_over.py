"""After 2MSL, four minutes at most, nothing is left of the connection."""

from probe.scenarios.steps import FIN_AGAIN, TIME_WAIT, Scenario, Span, Wait

SCENARIO = Scenario(
    id="time-wait-over",
    title="TIME-WAIT ends",
    steps=(*TIME_WAIT, Wait(Span.OVER), *FIN_AGAIN),
    shows=("timewait.expires",),
    clause="RFC 9293 3.10.8; 3.4.2",
    waits=True,
    slow=True,
    expires=True,
)
