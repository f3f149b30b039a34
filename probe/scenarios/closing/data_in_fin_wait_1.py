"""Our data crosses the peer's FIN: taken, or after a full close refused by a RST."""

from probe.scenarios.steps import FIN_WAIT_1, TEXT, Expect, Question, Scenario, Send

SCENARIO = Scenario(
    id="data-in-fin-wait-1",
    title="data in FIN-WAIT-1",
    steps=(*FIN_WAIT_1, Send("P.", ack=TEXT, data=b"x"), Expect("settled"), Question()),
    shows=("aclose.data-in-finwait1",),
    clause="RFC 9293 3.10.7.4 seventh; 3.6.1",
)
