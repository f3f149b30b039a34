"""Of data that overlaps what was received only the new octets count."""

from probe.scenarios.steps import NXT, OPEN, WORD, Expect, Question, Scenario, Send

SCENARIO = Scenario(
    id="data-overlapping",
    title="data half old, half new",
    steps=(
        *OPEN,
        Send("P.", data=WORD[:5]),
        Expect("."),
        Send("P.", seq=NXT - 3, data=WORD[2:]),
        Expect("settled"),
        Expect("."),
        Question(),
    ),
    shows=("seg.overlap-trimmed",),
    clause="RFC 9293 3.10.7.4 first",
)
