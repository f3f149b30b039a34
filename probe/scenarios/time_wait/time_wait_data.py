"""Data in TIME-WAIT is not taken: silence, or the current ACK."""

from probe.scenarios.steps import FIN_AGAIN, TIME_WAIT, Scenario, Send

SCENARIO = Scenario(
    id="time-wait-data",
    title="data in TIME-WAIT",
    steps=(*TIME_WAIT, Send("P.", data=b"x", counts=False), *FIN_AGAIN),
    shows=("timewait.data-ignored", "timewait.fin-reacked"),
    clause="RFC 9293 3.10.7.4 seventh",
)
