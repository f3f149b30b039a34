"""A RST in SYN-RECEIVED that an active open led to ends the attempt in CLOSED (MUST-11, section 3.10.7.4, second)."""

from probe.scenarios.steps import CALLED, SYN_RECEIVED, Question, Scenario, Send

SCENARIO = Scenario(
    id="simultaneous-open-reset",
    title="simultaneous open, then our RST",
    steps=(*CALLED, *SYN_RECEIVED, Send("R"), Question()),
    shows=("simopen.syn-in-synsent", "simopen.rst-refuses"),
    clause="RFC 9293 3.10.7.4 second",
    opens="peer",
)
