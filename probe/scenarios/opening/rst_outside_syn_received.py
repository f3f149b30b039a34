"""A RST outside the window is dropped in SYN-RECEIVED: the handshake still completes."""

from probe.scenarios.steps import FAR, ISS, SPEAK, SYN_RECEIVED, Scenario, Send, Span, Wait

SCENARIO = Scenario(
    id="rst-outside-syn-received",
    title="RST outside the window in SYN-RECEIVED",
    steps=(*SYN_RECEIVED, Send("R", seq=FAR), Send("R", seq=ISS), Wait(Span.SILENCE), Send("."), *SPEAK),
    shows=("open.rst-out-of-window-ignored", "open.final-ack-establishes"),
    clause="RFC 9293 3.5.3; 3.10.7.4 first",
)
