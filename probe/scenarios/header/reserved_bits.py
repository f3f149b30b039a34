"""Reserved bits in the header are ignored, on the SYN and on data, and not sent back."""

from probe.scenarios.steps import HEARD, ISS, WORD, Expect, Scenario, Send

SCENARIO = Scenario(
    id="reserved-bits",
    title="reserved bits set",
    steps=(
        *HEARD,
        Send("S", seq=ISS + 100_000, fresh=True, reserved=14, rule="hdr.reserved-ignored"),
        Expect("S."),
        Send("."),
        Send("P.", data=WORD, reserved=14, rule="hdr.reserved-ignored"),
        Expect("."),
    ),
    shows=("hdr.reserved-ignored", "hdr.reserved-zero"),
    clause="RFC 9293 3.1",
    risky=True,
)
