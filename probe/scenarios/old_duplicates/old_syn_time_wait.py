"""An old duplicate SYN meets TIME-WAIT: never a SYN,ACK, and TIME-WAIT goes on acknowledging the FIN."""

from probe.scenarios.steps import FIN_AGAIN, ISS, TIME_WAIT, Scenario, Send

SCENARIO = Scenario(
    id="old-syn-time-wait",
    title="old duplicate SYN in TIME-WAIT",
    steps=(*TIME_WAIT, Send("S", seq=ISS - 1000, counts=False), *FIN_AGAIN),
    shows=("timewait.syn-old-refused", "timewait.fin-reacked"),
    clause="RFC 9293 3.10.7.4 first; RFC 6191 2",
)
