"""A RST may carry data: it ends the connection, and the data is not acknowledged."""

from probe.scenarios.steps import OPEN, SPEAK, Question, Scenario, Send

SCENARIO = Scenario(
    id="rst-with-data",
    title="RST with data",
    steps=(*OPEN, *SPEAK, Send("R", data=b"because", counts=False), Question()),
    shows=("rst.with-data",),
    clause="RFC 9293 3.5.3",
)
