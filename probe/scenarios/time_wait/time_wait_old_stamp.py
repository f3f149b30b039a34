"""A SYN with an older timestamp and number is an old duplicate: TIME-WAIT refuses it."""

from probe.scenarios.steps import FIN_AGAIN, ISS, OPEN_STAMPED, PEER_CLOSES, Expect, Scenario, Send

SCENARIO = Scenario(
    id="time-wait-old-stamp",
    title="SYN with an older timestamp in TIME-WAIT",
    steps=(
        *OPEN_STAMPED,
        *PEER_CLOSES,
        Send("F."),
        Expect("."),
        Send("S", seq=ISS - 1000, stamp=-5000, counts=False),
        *FIN_AGAIN,
    ),
    shows=("timewait.syn-old-refused", "timewait.fin-reacked"),
    clause="RFC 9293 3.10.7.4 first; RFC 6191 2",
)
