"""A RST in the window but not at RCV.NXT draws a challenge ACK (or ends the connection); the exact one ends it."""

from probe.scenarios.steps import NXT, OPEN, SPEAK, Expect, Question, Scenario, Send

SCENARIO = Scenario(
    id="rst-inside",
    title="RST in the window, then the exact one",
    steps=(
        *OPEN,
        *SPEAK,
        Send("R", seq=NXT + 1),
        Expect("settled", silence=True),
        Send("R", rule="rst.challenge-then-exact"),
        Question(),
    ),
    shows=("rst.in-window-challenge", "rst.challenge-then-exact"),
    clause="RFC 9293 3.10.7.4 second; RFC 5961 3.2",
)
