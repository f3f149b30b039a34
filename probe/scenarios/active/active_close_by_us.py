"""The peer opened, we close first: FIN, its ACK, its FIN, our ACK (Figure 12)."""

from probe.scenarios.steps import ANSWERED, Expect, Question, Scenario, Send

SCENARIO = Scenario(
    id="active-close-by-us",
    title="close by us of a connection the peer opened",
    steps=(
        *ANSWERED,
        Send("F."),
        Expect("."),
        Expect("F", rule="close.passive-fin", application=True),
        Send("."),
        Question(),
    ),
    shows=("close.fin-acked", "close.passive-fin", "close.lastack-closed"),
    clause="RFC 9293 3.6 Figure 12",
    topic="close_by_us",
    opens="peer",
)
