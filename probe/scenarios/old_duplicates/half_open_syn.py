"""We restarted and open again: the peer's ACK shows the old connection, our RST ends it, our SYN opens anew."""

from probe.scenarios.steps import FAR, OPEN, SPEAK, Expect, Question, Scenario, Send

SCENARIO = Scenario(
    id="half-open-syn",
    title="half-open connection found by our SYN",
    steps=(
        *OPEN,
        *SPEAK,
        Send("S", seq=FAR, counts=False),
        Expect("settled"),
        Send("R", rule="halfopen.rst-aborts"),
        Send("S", seq=FAR, fresh=True, rule="halfopen.reopen"),
        Expect("S."),
        Send("."),
        Question(),
    ),
    shows=("halfopen.syn-out-of-window", "halfopen.rst-aborts", "halfopen.reopen"),
    clause="RFC 9293 3.5.1 Figure 9; RFC 5961 4.2",
)
