"""Our MSS and the octets of its options bound what the peer puts into a segment.

Ten octets that are not acknowledged yet keep a stack with the Nagle algorithm from sending more than full segments, one
of which there is: no offload merges it with others. One that takes all of it for less than a full segment goes on once
the ten are acknowledged.
"""

from probe.scenarios.steps import Command, Expect, Scenario, Send, Span
from probe.spec.segment import MSS, Option

SCENARIO = Scenario(
    id="options-mss",
    title="a small MSS",
    steps=(
        Send("S", options=(Option(MSS, (600).to_bytes(2, "big")),), stamp=0),
        Expect("S."),
        Send("."),
        Send("P.", data=Command("send two pieces")),
        Expect("text", count=10, application=True),
        Expect("text", count=11, within=Span.SILENCE, silence=True),
        Send("."),
        Expect("text", count=1010, application=True),
        Send("."),
    ),
    shows=("opt.mss-respected",),
    clause="RFC 9293 3.7.1",
    acks=False,
)
