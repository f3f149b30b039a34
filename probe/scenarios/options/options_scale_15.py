"""Our SYN offers a shift of 15: the peer takes it for 14 and opens; its own shift is 14 at most."""

from probe.scenarios.steps import HEARD, ISS, SPEAK, Expect, Scenario, Send
from probe.spec.segment import MSS, NOP, WSCALE, Option

BIG = (Option(MSS, (1460).to_bytes(2, "big")), Option(NOP), Option(WSCALE, b"\x0f"))

SCENARIO = Scenario(
    id="options-scale-15",
    title="window scale beyond 14",
    steps=(
        *HEARD,
        Send("S", seq=ISS + 100_000, fresh=True, options=BIG, rule="opt.ws-limit-14"),
        Expect("S."),
        Send("."),
        *SPEAK,
    ),
    shows=("opt.ws-limit-14",),
    clause="RFC 7323 2.3",
    risky=True,
)
