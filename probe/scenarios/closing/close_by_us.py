"""We close first; the peer acknowledges, closes in its turn, and is CLOSED once its FIN is acknowledged (Figure 12)."""

from probe.scenarios.steps import OPEN, Expect, Question, Scenario, Send

SCENARIO = Scenario(
    id="close-by-us",
    title="close by us",
    steps=(
        *OPEN,
        Send("F."),
        Expect("."),
        Expect("F", rule="close.passive-fin", application=True),
        Send("."),
        Question(),
    ),
    shows=("close.fin-acked", "close.passive-fin", "close.lastack-closed", "ack.fin-prompt"),
    clause="RFC 9293 3.6 Figure 12",
    topic="close_by_us",
    may_show=("close.merged-fin",),
    prompt=True,
)
