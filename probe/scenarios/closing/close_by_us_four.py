"""We close first and the peer's application takes its time: its ACK and FIN come apart, four segments in all."""

from probe.scenarios.steps import OPEN, Command, Expect, Question, Scenario, Send

SCENARIO = Scenario(
    id="close-by-us-four",
    title="close by us, application pauses (four segments)",
    steps=(
        *OPEN,
        Send("P.", data=Command("close 200 ms after end of file")),
        Expect("."),
        Send("F."),
        Expect("."),
        Expect("F", rule="close.passive-fin", application=True),
        Send("."),
        Question(),
    ),
    shows=("close.fin-acked", "close.passive-fin", "close.lastack-closed"),
    clause="RFC 9293 3.6 Figure 12",
    topic="close_by_us",
)
