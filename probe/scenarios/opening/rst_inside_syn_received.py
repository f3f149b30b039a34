"""A RST in the window but not at RCV.NXT in SYN-RECEIVED: a challenge ACK, or (without RFC 5961) back to LISTEN."""

from probe.scenarios.steps import NXT, SYN_RECEIVED, Expect, Question, Scenario, Send

SCENARIO = Scenario(
    id="rst-inside-syn-received",
    title="RST in the window in SYN-RECEIVED",
    steps=(*SYN_RECEIVED, Send("R", seq=NXT + 1), Expect("settled", silence=True), Question()),
    shows=("open.rst-in-window-challenged",),
    clause="RFC 9293 3.10.7.4 second; RFC 5961 3.2",
)
