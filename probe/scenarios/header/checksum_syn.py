"""A SYN with a wrong checksum is dropped; with the right one it opens."""

from probe.scenarios.steps import HEARD, ISS, Expect, Scenario, Send, Span, Wait

SCENARIO = Scenario(
    id="checksum-syn",
    title="wrong checksum on the SYN",
    steps=(
        *HEARD,
        Send("S", seq=ISS + 100_000, fresh=True, fault="checksum"),
        Wait(Span.SILENCE),
        Send("S", seq=ISS + 200_000, fresh=True),
        Expect("S."),
    ),
    shows=("hdr.checksum-checked",),
    clause="RFC 9293 3.1",
    risky=True,
)
