"""Nothing is sent on a connection that stands: a stack that takes no time for idle sends one keep-alive after another.

Two hours are the default (RFC 9293 section 3.8.4, MUST-28), and less may be configured; half a second nobody means.
"""

from probe.scenarios.steps import IDLE, OPEN, SPEAK, Question, Scenario

SCENARIO = Scenario(
    id="idle",
    title="an idle connection is left alone",
    steps=(*OPEN, *SPEAK, IDLE, Question()),
    shows=("seg.keepalive-idle",),
    clause="RFC 9293 3.8.4",
    waits=True,
)
