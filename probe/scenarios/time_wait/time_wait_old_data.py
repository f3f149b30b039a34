"""An old duplicate in TIME-WAIT draws the current ACK."""

from probe.scenarios.steps import FIN_AGAIN, NXT, TIME_WAIT, Expect, Scenario, Send

SCENARIO = Scenario(
    id="time-wait-old-data",
    title="old data in TIME-WAIT",
    steps=(*TIME_WAIT, Send("P.", seq=NXT - 11, data=b"0123456789"), Expect("settled"), *FIN_AGAIN),
    shows=("timewait.old-segment-acked", "timewait.fin-reacked"),
    clause="RFC 9293 3.10.7.4 first; RFC 1337 2",
)
