"""Our SYN,ACK carries text: legal, and acknowledged at once or when it comes again (section 3.10.7.3, fourth)."""

from probe.scenarios.steps import CALLED, ISS, Expect, Question, Scenario, Send

SCENARIO = Scenario(
    id="active-open-data",
    title="text on the SYN,ACK we send",
    steps=(
        *CALLED,
        Send("S.", data=b"early\n"),
        Expect("settled"),
        Send("P.", seq=ISS + 1, data=b"early\n"),
        Expect("."),
        Question(),
    ),
    shows=("active.synack-with-data",),
    clause="RFC 9293 3.10.7.3 fourth",
    opens="peer",
)
