"""Our initial sequence number is 0: every number of the exchange is counted modulo 2^32."""

from probe.scenarios.steps import HEARD, ISS, WORD, Expect, Scenario, Send

SCENARIO = Scenario(
    id="isn-zero",
    title="our ISN is 0",
    steps=(
        *HEARD,
        Send("S", seq=ISS + 100_000, fresh=True, rule="seg.modulo-2-32"),
        Expect("S."),
        Send("."),
        Send("P.", data=WORD, rule="seg.modulo-2-32"),
        Expect("."),
        Send("F.", rule="seg.modulo-2-32"),
        Expect("."),
    ),
    shows=("seg.modulo-2-32", "close.fin-acked"),
    clause="RFC 9293 3.4",
    iss=-100000,
    risky=True,
)
