"""Data and RST with a wrong checksum change nothing."""

from probe.scenarios.steps import OPEN, SPEAK, SPEAK_ON, Question, Scenario, Send, Span, Wait

SCENARIO = Scenario(
    id="checksum-data",
    title="wrong checksum on data and RST",
    steps=(
        *OPEN,
        *SPEAK,
        Send("P.", data=b"y", counts=False, fault="checksum"),
        Send("R", fault="checksum"),
        Wait(Span.SILENCE),
        Question(),
        *SPEAK_ON,
    ),
    shows=("hdr.checksum-checked",),
    clause="RFC 9293 3.1",
    risky=True,
)
