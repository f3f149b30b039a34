"""In SYN-SENT an ACK of something never sent draws a RST and changes nothing (section 3.10.7.3, first; Figure 8)."""

from probe.scenarios.steps import CALLED, ISS, PEER, Expect, Question, Scenario, Send

SCENARIO = Scenario(
    id="active-bad-ack",
    title="unacceptable ACK in SYN-SENT",
    steps=(
        *CALLED,
        Send("S.", seq=ISS, ack=PEER, counts=False),
        Expect("settled"),
        Send("S.", seq=ISS, ack=PEER + 2, counts=False),
        Expect("settled"),
        Send(".", seq=ISS, ack=PEER + 100, counts=False),
        Expect("settled"),
        Send("S."),
        Expect("."),
        Question(),
    ),
    shows=("active.unacceptable-ack-rst", "active.synack-acked"),
    clause="RFC 9293 3.10.7.3 first",
    opens="peer",
)
