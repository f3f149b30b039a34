"""An old duplicate SYN meets ESTABLISHED: the current ACK, and the connection goes on."""

from probe.scenarios.steps import ISS, OPEN, SPEAK, SPEAK_ON, Expect, Scenario, Send

SCENARIO = Scenario(
    id="old-syn-established",
    title="old duplicate SYN in ESTABLISHED",
    steps=(
        *OPEN,
        *SPEAK,
        Send("S", seq=ISS - 1000, counts=False),
        Expect("settled"),
        *SPEAK_ON,
    ),
    shows=("halfopen.syn-out-of-window",),
    clause="RFC 9293 3.10.7.4 first; 3.5.1 Figure 9",
)
