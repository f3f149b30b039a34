"""A RST outside the window, left or right of it, is dropped."""

from probe.scenarios.steps import FAR, NXT, OPEN, SPEAK, SPEAK_ON, Question, Scenario, Send, Span, Wait

SCENARIO = Scenario(
    id="rst-outside",
    title="RST outside the window",
    steps=(*OPEN, *SPEAK, Send("R", seq=NXT - 1), Send("R", seq=FAR), Wait(Span.SILENCE), Question(), *SPEAK_ON),
    shows=("rst.out-of-window-dropped",),
    clause="RFC 9293 3.5.3; 3.10.7.4 first; RFC 5961 3.2",
)
