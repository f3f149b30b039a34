"""Our SYN has no option at all: the peer opens and offers nothing that needs an offer."""

from probe.scenarios.steps import HEARD, ISS, SPEAK, Expect, Scenario, Send

SCENARIO = Scenario(
    id="options-none",
    title="SYN without options",
    steps=(*HEARD, Send("S", seq=ISS + 100_000, fresh=True, options=()), Expect("S."), Send("."), *SPEAK),
    shows=("opt.ws-only-if-offered", "opt.ts-only-if-offered", "open.listen-syn-synack"),
    clause="RFC 9293 3.7.1; RFC 7323 1.3, 3.2",
)
