"""The peer's receive window is closed: a RST at RCV.NXT still ends the connection (section 3.4, MUST-66)."""

from probe.scenarios.steps import FULL, LIVE, Scenario, Send, Wait

SCENARIO = Scenario(
    id="zero-window-rst",
    title="our RST meets a closed window",
    steps=(*FULL, Send("R", rule="rst.zero-window"), *LIVE, Wait(0.2)),
    shows=("rst.zero-window",),
    clause="RFC 9293 3.4; 3.10.7.4 second",
    opens="peer",
    risky=True,
)
