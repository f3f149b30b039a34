"""Data on our SYN: the handshake works, the data is taken once it comes again, and only once."""

from probe.scenarios.steps import NXT, Expect, Scenario, Send

SCENARIO = Scenario(
    id="syn-data",
    title="data on the SYN",
    steps=(
        Send("S", data=b"01234"),
        Expect("S."),
        Send("P.", seq=NXT - 5, data=b"01234", rule="syndata.once-only"),
        Expect("."),
    ),
    shows=("syndata.handshake-works", "syndata.once-only"),
    clause="RFC 9293 3.5; 3.10.7.2 third",
    order=220,
)
