"""Data on our SYN: the handshake works, the data is taken once it comes again, and only once."""

from probe.scenarios.steps import HEARD, ISS, NXT, WORD, Expect, Scenario, Send

SCENARIO = Scenario(
    id="syn-data",
    title="data on the SYN",
    steps=(
        *HEARD,
        Send("S", seq=ISS + 100_000, fresh=True, data=WORD[:5]),
        Expect("S."),
        Send("P.", seq=NXT - 5, data=WORD[:5], rule="syndata.once-only"),
        Expect("."),
    ),
    shows=("syndata.handshake-works", "syndata.once-only"),
    clause="RFC 9293 3.5; 3.10.7.2 third",
    risky=True,
)
