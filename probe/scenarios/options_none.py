"""Our SYN has no option at all: the peer opens and offers nothing that needs an offer."""

from probe.scenarios.steps import Expect, Scenario, Send

SCENARIO = Scenario(
    id="options-none",
    title="SYN without options",
    steps=(
        Send("S", options=()),
        Expect("S."),
        Send("."),
        Send("P.", data=b"x"),
        Expect("."),
    ),
    shows=("opt.ws-only-if-offered", "opt.ts-only-if-offered", "open.listen-syn-synack"),
    clause="RFC 9293 3.7.1; RFC 7323 1.3, 3.2",
    order=192,
)
