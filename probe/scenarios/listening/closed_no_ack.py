"""The RST of a closed port counts payload, SYN and FIN in its ACK field."""

from probe.scenarios.steps import Expect, Scenario, Send

SCENARIO = Scenario(
    id="closed-no-ack",
    title="segments without ACK meet a closed port",
    steps=(
        Send("S"),
        Expect("R"),
        Send("S", data=b"0123456789"),
        Expect("settled"),
        Send("SF"),
        Expect("settled"),
        Send("F"),
        Expect("settled"),
        Send("-"),
        Expect("settled"),
        Send("P", data=b"0123456789"),
        Expect("settled"),
    ),
    shows=("closed.syn-refused", "closed.seglen-counts"),
    clause="RFC 9293 3.4; 3.5.2 group 1; 3.10.7.1",
    port="closed",
)
