"""Our SYN offers MSS only: the peer's SYN,ACK carries MSS and nothing that was not offered."""

from probe.scenarios.steps import OPEN, SPEAK, Expect, Scenario, Send

SCENARIO = Scenario(
    id="options-plain",
    title="options of the SYN,ACK, MSS offered",
    steps=(*OPEN, *SPEAK, Send("F."), Expect(".")),
    shows=(
        "opt.mss-on-syn",
        "opt.mss-only-on-syn",
        "opt.ws-only-if-offered",
        "opt.ts-only-if-offered",
        "opt.eol-zero-padding",
        "hdr.checksum-generated",
        "seg.always-ack-flag",
    ),
    clause="RFC 9293 3.1; 3.2; 3.7.1; RFC 7323 1.3",
)
