"""An unacceptable segment never draws a RST from a connection: data and FIN far outside the window."""

from probe.scenarios.steps import FAR, OPEN, SPEAK, Expect, Scenario, Send

SCENARIO = Scenario(
    id="unacceptable-segment",
    title="no RST for an unacceptable segment",
    steps=(
        *OPEN,
        *SPEAK,
        Send("FP.", seq=FAR, data=b"x", counts=False, rule="rstgen.never-for-unacceptable"),
        Expect("settled"),
        Send("P.", data=b"x"),
        Expect("."),
    ),
    shows=("rstgen.never-for-unacceptable",),
    clause="RFC 9293 3.5.2 group 3",
)
