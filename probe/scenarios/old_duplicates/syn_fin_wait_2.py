"""A SYN outside the window of FIN-WAIT-2 draws the current ACK, and the close completes."""

from probe.scenarios.steps import FAR, FIN_WAIT_2, Expect, Scenario, Send

SCENARIO = Scenario(
    id="syn-fin-wait-2",
    title="SYN in FIN-WAIT-2",
    steps=(*FIN_WAIT_2, Send("S", seq=FAR, counts=False), Expect("settled"), Send("F."), Expect(".")),
    shows=("synsync.closing-states", "aclose.finwait2-fin"),
    clause="RFC 9293 3.10.7.4 first",
)
