"""A SYN to a port where nothing listens is refused: <SEQ=0><ACK=t+1><RST,ACK>."""

from probe.scenarios.steps import Expect, Scenario, Send

SCENARIO = Scenario(
    id="refused",
    title="refused connection",
    steps=(Send("S"), Expect("R")),
    shows=("closed.syn-refused",),
    clause="RFC 9293 3.5.2 group 1; 3.10.7.1",
    port="closed",
)
