"""A SYN with a newer timestamp reopens the connection from TIME-WAIT, whatever its number."""

from probe.scenarios.steps import ISS, OPEN_STAMPED, PEER_CLOSES, Expect, Question, Scenario, Send

SCENARIO = Scenario(
    id="time-wait-new-stamp",
    title="SYN with a newer timestamp in TIME-WAIT",
    steps=(
        *OPEN_STAMPED,
        *PEER_CLOSES,
        Send("F."),
        Expect("."),
        Send("S", seq=ISS - 1000, fresh=True, stamp=5000),
        Expect("settled"),
        Question(),
    ),
    shows=("timewait.syn-newer-timestamp",),
    clause="RFC 9293 3.6.1; RFC 6191 2",
    may_show=("timewait.new-isn-larger",),
)
