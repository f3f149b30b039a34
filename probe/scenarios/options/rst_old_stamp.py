"""The timestamp of a RST is not compared: the exact RST ends the connection."""

from probe.scenarios.steps import OPEN_STAMPED, SPEAK, Question, Scenario, Send

SCENARIO = Scenario(
    id="rst-old-stamp",
    title="RST with an older timestamp",
    steps=(*OPEN_STAMPED, *SPEAK, Send("R", stamp=-1000, rule="rst.no-paws"), Question()),
    shows=("rst.no-paws",),
    clause="RFC 7323 5.2",
)
