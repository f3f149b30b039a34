"""SYNs with options the peer cannot know, not aligned, or none, reserved bits, URG: a closed port refuses them."""

from probe.scenarios.options.options_unaligned import ODD
from probe.scenarios.options.options_unknown import STRANGE
from probe.scenarios.steps import Expect, Scenario, Send

SCENARIO = Scenario(
    id="closed-unusual",
    title="unusual options and flags on a SYN meet a closed port",
    steps=(
        Send("S"),
        Expect("R"),
        Send("S", options=STRANGE, rule="opt.unknown-ignored"),
        Expect("settled"),
        Send("S", options=ODD, rule="opt.unaligned"),
        Expect("settled"),
        Send("S", options=()),
        Expect("settled"),
        Send("S", reserved=14, rule="hdr.reserved-ignored"),
        Expect("settled"),
        Send("SU", urgent=1),
        Expect("settled"),
    ),
    shows=("closed.syn-refused", "opt.unknown-ignored", "opt.unaligned", "hdr.reserved-ignored"),
    clause="RFC 9293 3.1; 3.5.2 group 1; 3.10.7.1",
    port="closed",
    risky=True,
)
