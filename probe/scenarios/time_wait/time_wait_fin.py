"""The peer's last ACK is lost: our FIN, sent again, meets TIME-WAIT and is acknowledged again."""

from probe.scenarios.steps import FIN_AGAIN, FIN_WAIT_2, Expect, Scenario, Send

SCENARIO = Scenario(
    id="time-wait-fin",
    title="our FIN again meets TIME-WAIT",
    steps=(*FIN_WAIT_2, Send("F."), Expect("."), *FIN_AGAIN),
    shows=("timewait.fin-reacked",),
    clause="RFC 9293 3.10.7.4 fifth, eighth",
)
