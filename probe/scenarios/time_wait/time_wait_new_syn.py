"""A SYN beyond the old FIN may reopen the connection from TIME-WAIT, with an ISN beyond the old numbers."""

from probe.scenarios.steps import NXT, TIME_WAIT, Expect, Question, Scenario, Send

SCENARIO = Scenario(
    id="time-wait-new-syn",
    title="newer SYN in TIME-WAIT",
    steps=(*TIME_WAIT, Send("S", seq=NXT + (1 << 20), fresh=True), Expect("settled"), Question()),
    shows=("timewait.syn-newer-seq",),
    clause="RFC 9293 3.6.1; RFC 6191 2",
    may_show=("timewait.new-isn-larger",),
)
