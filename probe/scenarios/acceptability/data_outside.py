"""Data beyond the window is not taken: the current ACK answers it."""

from probe.scenarios.steps import FAR, OPEN, SPEAK, SPEAK_ON, Expect, Scenario, Send

SCENARIO = Scenario(
    id="data-outside",
    title="data outside the window",
    steps=(*OPEN, *SPEAK, Send("P.", seq=FAR, data=b"x", counts=False), Expect("settled"), *SPEAK_ON),
    shows=("seg.out-of-window-acked",),
    clause="RFC 9293 3.5.2 group 3; 3.10.7.4 first",
)
