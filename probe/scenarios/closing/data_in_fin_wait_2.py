"""Our data reaches a peer that has closed for good: a RST tells us that it is lost, or it is taken."""

from probe.scenarios.steps import FIN_WAIT_2, Expect, Scenario, Send

SCENARIO = Scenario(
    id="data-in-fin-wait-2",
    title="data in FIN-WAIT-2 after a full close",
    steps=(*FIN_WAIT_2, Send("P.", data=b"x", rule="rstgen.data-after-close"), Expect("settled")),
    shows=("rstgen.data-after-close",),
    clause="RFC 9293 3.6.1; 3.10.7.4 seventh",
)
