"""A segment with none of SYN, ACK and RST is dropped by LISTEN: no answer, and the port goes on listening."""

from probe.scenarios.steps import HEARD, ISS, Expect, Scenario, Send, Span, Wait

SCENARIO = Scenario(
    id="listen-nothing",
    title="FIN, no flags, data meet LISTEN",
    steps=(
        *HEARD,
        Send("F", counts=False),
        Send("-"),
        Send("PU", data=b"0123456789", urgent=10, counts=False),
        Wait(Span.SILENCE),
        Send("S", seq=ISS + 100_000, fresh=True),
        Expect("S."),
        Send("R"),
    ),
    shows=("listen.no-syn-ack-rst-dropped", "open.listen-syn-synack"),
    clause="RFC 9293 3.10.7.2 fourth",
)
