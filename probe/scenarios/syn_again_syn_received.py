"""Our SYN comes twice: no second connection, the same ISN, and the handshake completes."""

from probe.scenarios.steps import ISS, Expect, Scenario, Send

SCENARIO = Scenario(
    id="syn-again-syn-received",
    title="our SYN again in SYN-RECEIVED",
    steps=(
        Send("S"),
        Expect("S."),
        Send("S", seq=ISS),
        Expect("settled"),
        Send("."),
        Send("P.", data=b"0123456789"),
        Expect("."),
    ),
    shows=("open.dup-syn-in-synrcvd",),
    clause="RFC 9293 3.10.7.4 first; 3.10.8",
    order=102,
)
