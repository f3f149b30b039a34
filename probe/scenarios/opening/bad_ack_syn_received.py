"""An ACK for nothing new, and one for what was never sent, in SYN-RECEIVED: a RST each, and the handshake completes."""

from probe.scenarios.steps import PEER, SPEAK, SYN_RECEIVED, Expect, Scenario, Send

SCENARIO = Scenario(
    id="bad-ack-syn-received",
    title="wrong ACK numbers in SYN-RECEIVED",
    steps=(
        *SYN_RECEIVED,
        Send(".", ack=PEER),
        Expect("settled"),
        Send(".", ack=PEER + 2),
        Expect("settled"),
        Send("."),
        *SPEAK,
    ),
    shows=("open.unacceptable-ack-rst", "open.final-ack-establishes"),
    clause="RFC 9293 3.5.2 group 2; 3.10.7.4 fifth",
)
