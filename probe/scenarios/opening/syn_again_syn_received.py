"""Our SYN comes twice: no second connection, the same ISN, and the handshake completes."""

from probe.scenarios.steps import ISS, SPEAK, SYN_RECEIVED, Scenario, Send

SCENARIO = Scenario(
    id="syn-again-syn-received",
    title="our SYN again in SYN-RECEIVED",
    steps=(*SYN_RECEIVED, Send("S", seq=ISS), Send("."), *SPEAK),
    shows=("open.dup-syn-in-synrcvd",),
    clause="RFC 9293 3.10.7.4 first; 3.10.8",
)
