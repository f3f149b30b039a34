"""Whatever has ACK and no RST draws a RST from LISTEN, its number from the ACK field; the port goes on listening."""

from probe.scenarios.steps import HEARD, ISS, RCV, Expect, Scenario, Send

SCENARIO = Scenario(
    id="listen-ack",
    title="segments with ACK meet LISTEN",
    steps=(
        *HEARD,
        Send(".", ack=RCV + 7),
        Expect("settled"),
        Send("S.", ack=RCV + 70, counts=False),
        Expect("settled"),
        Send("F.", ack=RCV + 700, counts=False),
        Expect("settled"),
        Send("P.", ack=RCV + 7000, data=b"0123456789", counts=False, rule="halfopen.data-to-nobody"),
        Expect("settled"),
        Send("S", seq=ISS + 100_000, fresh=True),
        Expect("S."),
        Send("R"),
    ),
    shows=("listen.ack-gets-rst", "halfopen.data-to-nobody", "open.listen-syn-synack"),
    clause="RFC 9293 3.10.7.2 second; 3.5.2 group 2; 3.5.1 Figure 10",
)
