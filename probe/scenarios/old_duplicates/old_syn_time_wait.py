"""An old duplicate SYN meets TIME-WAIT: never a SYN,ACK, and TIME-WAIT goes on acknowledging the FIN."""

from probe.scenarios.steps import ISS, NXT, OPEN, Command, Expect, Scenario, Send

SCENARIO = Scenario(
    id="old-syn-time-wait",
    title="old duplicate SYN in TIME-WAIT",
    steps=(
        *OPEN,
        Send("P.", data=Command("close")),
        Expect("F", rule="aclose.fin-form", application=True),
        Send("F."),
        Expect("."),
        Send("S", seq=ISS - 1000, counts=False),
        Send("F.", seq=NXT - 1),
        Expect("settled"),
    ),
    shows=("timewait.syn-old-refused", "timewait.fin-reacked"),
    clause="RFC 9293 3.10.7.4 first; RFC 6191 2",
)
