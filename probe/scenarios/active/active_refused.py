"""We refuse: a RST that acknowledges the SYN ends the attempt (section 3.10.7.3, second)."""

from probe.scenarios.steps import CALLED, ISS, ZERO, Expect, Scenario, Send

SCENARIO = Scenario(
    id="active-refused",
    title="connection refused by us",
    steps=(*CALLED, Send("R.", seq=ZERO, counts=False), Send("S.", seq=ISS, counts=False), Expect("settled")),
    shows=("active.rst-ack-refused", "closed.ack-rst-seq"),
    clause="RFC 9293 3.10.7.3 second",
    opens="peer",
)
