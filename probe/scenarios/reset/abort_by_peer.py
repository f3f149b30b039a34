"""The peer's user aborts: a RST at SND.NXT, and nothing is left of the connection (3.10.5)."""

from probe.scenarios.steps import OPEN, Command, Expect, Question, Scenario, Send

SCENARIO = Scenario(
    id="abort-by-peer",
    title="abort by the peer's RST",
    steps=(*OPEN, Send("P.", data=Command("abort")), Expect("R", rule="rstgen.abort-seq"), Question()),
    shows=("rstgen.abort-seq", "listen.ack-gets-rst"),
    clause="RFC 9293 3.10.5",
    aborts=True,
)
