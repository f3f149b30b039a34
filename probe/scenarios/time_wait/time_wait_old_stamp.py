"""A SYN with an older timestamp and number is an old duplicate: TIME-WAIT refuses it."""

from probe.scenarios.steps import ISS, NXT, OPEN_STAMPED, Command, Expect, Scenario, Send

SCENARIO = Scenario(
    id="time-wait-old-stamp",
    title="SYN with an older timestamp in TIME-WAIT",
    steps=(
        *OPEN_STAMPED,
        Send("P.", data=Command("close")),
        Expect("F", rule="aclose.fin-form", application=True),
        Send("F."),
        Expect("."),
        Send("S", seq=ISS - 1000, stamp=-5000, counts=False),
        Send("F.", seq=NXT - 1),
        Expect("settled"),
    ),
    shows=("timewait.syn-old-refused", "timewait.fin-reacked"),
    clause="RFC 9293 3.10.7.4 first; RFC 6191 2",
)
