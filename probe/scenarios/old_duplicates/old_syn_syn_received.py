"""An old duplicate SYN meets SYN-RECEIVED: a plain ACK, and the real handshake still completes."""

from probe.scenarios.steps import ISS, SYN_RECEIVED, Expect, Scenario, Send

SCENARIO = Scenario(
    id="old-syn-syn-received",
    title="old duplicate SYN in SYN-RECEIVED",
    steps=(
        *SYN_RECEIVED,
        Send("S", seq=ISS - 1000, counts=False),
        Expect("settled"),
        Send("."),
        Send("P.", data=b"x"),
        Expect("."),
    ),
    shows=("open.syn-out-of-window-synrcvd", "open.final-ack-establishes"),
    clause="RFC 9293 3.10.7.4 first; 3.5 Figure 8",
)
