"""Old data in CLOSE-WAIT draws the current ACK, which covers the FIN."""

from probe.scenarios.steps import NXT, OPEN, Command, Expect, Question, Scenario, Send

SCENARIO = Scenario(
    id="close-wait-old-data",
    title="old data in CLOSE-WAIT",
    steps=(
        *OPEN,
        Send("P.", data=Command("hold")),
        Expect("."),
        Send("P.", data=b"0123456789"),
        Expect("."),
        Send("F."),
        Expect("."),
        Send("P.", seq=NXT - 11, data=b"0123456789"),
        Expect("settled"),
        Question(),
    ),
    shows=("close.data-before-fin-again",),
    clause="RFC 9293 3.10.7.4 first",
)
