"""TIME-WAIT holds for 2MSL: 25 seconds on, our FIN is acknowledged again."""

from probe.scenarios.steps import FIN_AGAIN, TIME_WAIT, Scenario, Span, Wait

SCENARIO = Scenario(
    id="time-wait-held",
    title="TIME-WAIT after 25 s",
    steps=(*TIME_WAIT, Wait(Span.HELD), *FIN_AGAIN),
    shows=("timewait.duration",),
    clause="RFC 9293 3.6.1; 3.4.2",
    waits=True,
    slow=True,
    expires=True,
)
