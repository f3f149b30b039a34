"""A RST, alone or with SYN or ACK, is nothing to LISTEN: no answer, and the port goes on listening."""

from probe.scenarios.steps import HEARD, ISS, NXT, RCV, Expect, Scenario, Send, Span, Wait

SCENARIO = Scenario(
    id="listen-rst",
    title="RSTs meet LISTEN",
    steps=(
        *HEARD,
        Send("R", seq=NXT + 5),
        Send("R.", seq=NXT + 5, ack=RCV + 7),
        Send("SR", seq=NXT + 5, counts=False),
        Wait(Span.SILENCE),
        Send("S", seq=ISS + 100_000, fresh=True),
        Expect("S."),
        Send("R"),
    ),
    shows=("listen.rst-ignored", "open.listen-syn-synack"),
    clause="RFC 9293 3.10.7.2 first; 3.5.3",
)
