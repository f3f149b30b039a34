"""A SYN in the window draws a challenge ACK and the connection works on (without RFC 5961: a RST ends it)."""

from probe.scenarios.steps import MORE, OPEN, SPEAK, Expect, Scenario, Send

SCENARIO = Scenario(
    id="syn-inside",
    title="SYN in the window",
    steps=(
        *OPEN,
        *SPEAK,
        Send("S", counts=False),
        Expect("settled"),
        Send("P.", data=MORE[:5], rule="synsync.data-flows-on"),
        Expect("settled"),
    ),
    shows=("synsync.in-window", "synsync.data-flows-on"),
    clause="RFC 9293 3.10.7.4 fourth; RFC 5961 4.2",
)
