"""The SYN that opened the connection comes again: an old duplicate, answered by an ACK."""

from probe.scenarios.steps import ISS, OPEN, SPEAK, SPEAK_ON, Expect, Scenario, Send

SCENARIO = Scenario(
    id="syn-again-established",
    title="our SYN again in ESTABLISHED",
    steps=(*OPEN, *SPEAK, Send("S", seq=ISS), Expect("settled"), *SPEAK_ON),
    shows=("synsync.retransmitted-syn",),
    clause="RFC 9293 3.10.7.4 first",
)
