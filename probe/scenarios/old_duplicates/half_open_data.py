"""We have crashed and the peer sends data: our RST, built from its ACK, ends the connection (Figure 10)."""

from probe.scenarios.steps import OPEN, Command, Expect, Question, Scenario, Send, Span, Wait

SCENARIO = Scenario(
    id="half-open-data",
    title="our RST answers the peer's data",
    steps=(
        *OPEN,
        Send("P.", data=Command("send and hold")),
        Expect("text", count=10, application=True),
        Send("R", rule="halfopen.rst-on-peer-data"),
        Question(),
        Wait(Span.REPETITION),
    ),
    shows=("halfopen.rst-on-peer-data",),
    clause="RFC 9293 3.5.1 Figure 10; 3.10.7.4 second",
    acks=False,
)
