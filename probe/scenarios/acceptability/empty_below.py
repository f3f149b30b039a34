"""An empty segment one below the window, as a keep-alive sends it: an ACK tells that the connection still stands."""

from probe.scenarios.steps import EMPTY_BELOW, OPEN, SPEAK, Expect, Scenario

SCENARIO = Scenario(
    id="empty-below",
    title="an empty segment below the window",
    steps=(*OPEN, EMPTY_BELOW, Expect("settled"), *SPEAK),
    shows=("seg.below-window-empty",),
    clause="RFC 9293 3.4 Table 5; 3.8.4; 3.10.7.4 first",
)
