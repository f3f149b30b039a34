"""Options with an impossible length on the SYN: a RST, silence or a SYN,ACK; the port goes on answering."""

from probe.scenarios.steps import HEARD, ISS, Expect, Scenario, Send
from probe.spec.segment import MSS, WSCALE, Option

SCENARIO = Scenario(
    id="options-illegal",
    title="options of impossible length on the SYN",
    steps=(
        *HEARD,
        Send("S", seq=ISS + 100_000, fresh=True, options=(Option(MSS, bytes(2), "length 0"),)),
        Expect("settled", silence=True),
        Send("R"),
        Send("S", seq=ISS + 100_000, fresh=True, options=(Option(WSCALE, bytes(2), "past the header"),)),
        Expect("settled", silence=True),
        Send("R"),
        Send("S", seq=ISS + 100_000, fresh=True, rule="opt.illegal-length"),
        Expect("S."),
    ),
    shows=("opt.illegal-length",),
    clause="RFC 9293 3.1",
    risky=True,
)
