"""An option of impossible length on data: a RST, silence or the ACK; the port goes on answering."""

from probe.scenarios.steps import ISS, OPEN, WORD, Expect, Scenario, Send
from probe.spec.segment import NOP, Option

SCENARIO = Scenario(
    id="options-illegal-data",
    title="option of impossible length on data",
    steps=(
        *OPEN,
        Send("P.", data=WORD, options=(Option(NOP), Option(253, bytes(1), "length 1")), counts=False),
        Expect("settled", silence=True),
        Send("R"),
        Send("S", seq=ISS + 100_000, fresh=True, rule="opt.illegal-length"),
        Expect("S."),
    ),
    shows=("opt.illegal-length",),
    clause="RFC 9293 3.1",
    risky=True,
)
