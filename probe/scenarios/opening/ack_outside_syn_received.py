"""The right ACK number at a sequence number outside the window does not establish: a plain ACK answers it."""

from probe.scenarios.steps import FAR, SPEAK, SYN_RECEIVED, Expect, Scenario, Send

SCENARIO = Scenario(
    id="ack-outside-syn-received",
    title="ACK outside the window in SYN-RECEIVED",
    steps=(*SYN_RECEIVED, Send(".", seq=FAR), Expect("settled"), Send("."), *SPEAK),
    shows=("open.seq-out-of-window-acked", "open.final-ack-establishes"),
    clause="RFC 9293 3.10.7.4 first",
)
