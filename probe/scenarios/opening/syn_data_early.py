"""Data on our SYN reaches the application only after the third segment: no answer to it before."""

from probe.scenarios.steps import HEARD, ISS, Expect, Scenario, Send, Span, Wait

SCENARIO = Scenario(
    id="syn-data-early",
    title="data on the SYN is not delivered early",
    steps=(
        *HEARD,
        Send("S", seq=ISS + 100_000, fresh=True, data=b"0123456789", rule="syndata.not-delivered-early"),
        Expect("S."),
        Wait(Span.SILENCE),
    ),
    shows=("syndata.not-delivered-early",),
    clause="RFC 9293 3.5; 3.10.7.2",
)
