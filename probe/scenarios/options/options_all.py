"""Our SYN offers everything usual: what the peer takes it uses right, timestamps on every segment."""

from probe.scenarios.steps import SPEAK, Expect, Scenario, Send
from probe.spec.segment import MSS, SACK_PERMITTED, WSCALE, Option

MANY = (Option(MSS, (1460).to_bytes(2, "big")), Option(SACK_PERMITTED), Option(WSCALE, b"\x07"))

SCENARIO = Scenario(
    id="options-all",
    title="options of the SYN,ACK, all offered",
    steps=(
        Send("S", options=MANY, stamp=0),
        Expect("S."),
        Send("."),
        *SPEAK,
        Send("P.", data=b"y", stamp=10),
        Expect("."),
        Send("F."),
        Expect("."),
    ),
    shows=("opt.ts-only-if-offered", "opt.sackperm-only-on-syn", "opt.mss-only-on-syn"),
    clause="RFC 7323 2.2, 3.2; RFC 2018 2",
    may_show=("opt.ts-on-every-segment", "opt.ws-limit-14"),
)
