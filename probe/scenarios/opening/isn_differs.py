"""Two connections of the same four-tuple get different initial sequence numbers."""

from probe.scenarios.steps import ISS, SYN_RECEIVED, Expect, Scenario, Send

SCENARIO = Scenario(
    id="isn-differs",
    title="a new connection, a new ISN",
    steps=(*SYN_RECEIVED, Send("R"), Send("S", seq=ISS + 100_000, fresh=True), Expect("S."), Send("R")),
    shows=("isn.differs", "open.rst-returns-to-listen"),
    clause="RFC 9293 3.4.1",
    distinct_isns=True,
)
