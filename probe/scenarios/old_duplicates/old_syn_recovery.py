"""An old duplicate SYN is answered, refused by our RST, and the real SYN opens a connection (Figure 8)."""

from probe.scenarios.steps import ISS, SYN_RECEIVED, Expect, Question, Scenario, Send

SCENARIO = Scenario(
    id="old-syn-recovery",
    title="recovery from an old duplicate SYN",
    steps=(
        *SYN_RECEIVED,
        Send("R"),
        Send("S", seq=ISS + 100, fresh=True, rule="dup.old-syn-recovery"),
        Expect("S."),
        Send("."),
        Question(),
    ),
    shows=("dup.old-syn-recovery", "open.rst-returns-to-listen"),
    clause="RFC 9293 3.5 Figure 8",
)
