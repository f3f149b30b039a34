"""Options the peer cannot know, on the SYN and on data, change nothing."""

from probe.scenarios.steps import HEARD, ISS, WORD, Expect, Scenario, Send
from probe.spec.segment import MSS, Option

STRANGE = (Option(MSS, (1460).to_bytes(2, "big")), Option(253, b"\xf9\x89"), Option(77, b"\0\0"))

SCENARIO = Scenario(
    id="options-unknown",
    title="unknown options",
    steps=(
        *HEARD,
        Send("S", seq=ISS + 100_000, fresh=True, options=STRANGE, rule="opt.unknown-ignored"),
        Expect("S."),
        Send("."),
        Send("P.", data=WORD, options=STRANGE, rule="opt.unknown-ignored"),
        Expect("."),
    ),
    shows=("opt.unknown-ignored",),
    clause="RFC 9293 3.1",
    risky=True,
)
