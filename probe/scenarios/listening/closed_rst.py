"""A RST never draws an answer from a closed port."""

from probe.scenarios.steps import ISS, RCV, Expect, Scenario, Send, Span, Wait

SCENARIO = Scenario(
    id="closed-rst",
    title="RSTs meet a closed port",
    steps=(
        Send("S"),
        Expect("R"),
        Send("R"),
        Send("R.", ack=RCV + 7),
        Wait(Span.SILENCE),
        Send("S", seq=ISS),
        Expect("settled"),
    ),
    shows=("closed.syn-refused", "closed.rst-silent"),
    clause="RFC 9293 3.5.2 group 1; 3.10.7.1",
    port="closed",
)
