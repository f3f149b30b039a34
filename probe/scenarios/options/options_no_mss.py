"""Without MSS from us the peer's segments carry 536 octets at most, with IPv6 1220.

As in options-mss; one full segment must be all there is to send, so the two defaults need a piece each.
"""

from probe.scenarios.steps import Command, Expect, Scenario, Send, Span

SCENARIO = Scenario(
    id="options-no-mss",
    title="no MSS",
    steps=(
        Send("S", options=()),
        Expect("S."),
        Send("."),
        Send("P.", data=Command("send two pieces twice")),
        Expect("text", count=10, application=True),
        Expect("text", count=11, within=Span.SILENCE, silence=True),
        Send("."),
        Expect("text", count=1010, application=True),
        Send("P.", data=b"x"),
        Expect("text", count=1020, application=True),
        Expect("text", count=1021, within=Span.SILENCE, silence=True),
        Send("."),
        Expect("text", count=3020, application=True),
        Send("."),
    ),
    shows=("opt.mss-default",),
    clause="RFC 9293 3.7.1",
    acks=False,
)
