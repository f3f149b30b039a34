"""Both ends close at once: our FIN crosses the peer's, it goes through CLOSING to TIME-WAIT (Figure 13)."""

from probe.scenarios.steps import CLOSING, FIN_AGAIN, Question, Scenario, Send, Span, Wait

SCENARIO = Scenario(
    id="simultaneous-close",
    title="simultaneous close",
    steps=(*CLOSING, Send("."), Question(), Wait(Span.REPETITION), *FIN_AGAIN),
    shows=("simclose.fin-acked", "simclose.ends-in-timewait", "timewait.fin-reacked"),
    clause="RFC 9293 3.6 Figure 13",
)
