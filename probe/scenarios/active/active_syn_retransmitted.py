"""We stay silent: the SYN is sent again, with the same number and at growing intervals (section 3.8.1, RFC 6298)."""

from probe.scenarios.steps import CALLED, Expect, Question, Repeats, Scenario, Send, Span

SCENARIO = Scenario(
    id="active-syn-retransmitted",
    title="SYN retransmitted",
    steps=(
        *CALLED,
        Expect("S", within=Span.NEVER, count=3, rule="active.syn-retransmitted-same-isn"),
        Send("S."),
        Expect("."),
        Question(),
    ),
    shows=("active.syn-retransmitted-same-isn", "active.syn-initial-rto", "active.synack-acked"),
    clause="RFC 9293 3.8.1; RFC 6298 5",
    opens="peer",
    may_show=("active.syn-backoff",),
    waits=True,
    repeats=(Repeats("S", "active.syn-backoff", "active.syn-initial-rto"),),
)
