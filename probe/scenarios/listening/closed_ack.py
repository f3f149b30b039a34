"""A closed port refuses whatever has ACK with a RST whose number is that of the ACK field."""

from probe.scenarios.steps import RCV, Expect, Scenario, Send

SCENARIO = Scenario(
    id="closed-ack",
    title="segments with ACK meet a closed port",
    steps=(
        Send("S"),
        Expect("R"),
        Send(".", ack=RCV + 7),
        Expect("settled"),
        Send("S.", ack=RCV + 70),
        Expect("settled"),
        Send("F.", ack=RCV + 700),
        Expect("settled"),
        Send("P.", ack=RCV + 7000, data=b"0123456789", rule="halfopen.data-to-nobody"),
        Expect("settled"),
    ),
    shows=("closed.syn-refused", "closed.ack-rst-seq", "halfopen.data-to-nobody"),
    clause="RFC 9293 3.5.2 group 1; 3.10.7.1",
    port="closed",
)
