"""Text and FIN without ACK change nothing in SYN-RECEIVED."""

from probe.scenarios.steps import SPEAK, SYN_RECEIVED, Scenario, Send, Span, Wait

SCENARIO = Scenario(
    id="no-ack-flag-syn-received",
    title="segments without ACK in SYN-RECEIVED",
    steps=(
        *SYN_RECEIVED,
        Send("P", data=b"x", counts=False),
        Send("F", counts=False),
        Wait(Span.SILENCE),
        Send("."),
        *SPEAK,
    ),
    shows=("open.no-ack-bit-dropped", "open.final-ack-establishes"),
    clause="RFC 9293 3.10.7.4 fifth",
)
