"""We close our side; the peer in CLOSE-WAIT goes on sending, we acknowledge, then it closes (half-close, 3.6)."""

from probe.scenarios.steps import OPEN, Command, Expect, Question, Scenario, Send

SCENARIO = Scenario(
    id="half-close",
    title="half-close by us, the peer still sends",
    steps=(
        *OPEN,
        Send("P.", data=Command("send after end of file")),
        Expect("."),
        Send("F."),
        Expect("."),
        Expect("text", count=100, rule="close.halfclose-peer-sends", application=True),
        Expect("F", rule="close.passive-fin", application=True),
        Send("."),
        Question(),
    ),
    shows=("close.halfclose-peer-sends", "close.passive-fin", "close.lastack-closed"),
    clause="RFC 9293 3.6",
)
