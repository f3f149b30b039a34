"""A FIN outside the window does not close: the current ACK answers it, and the connection goes on."""

from probe.scenarios.steps import FAR, OPEN, SPEAK, SPEAK_ON, Expect, Scenario, Send

SCENARIO = Scenario(
    id="fin-outside",
    title="FIN outside the window",
    steps=(*OPEN, *SPEAK, Send("F.", seq=FAR, counts=False), Expect("settled"), *SPEAK_ON),
    shows=("close.fin-out-of-window",),
    clause="RFC 9293 3.10.7.4 first",
)
