"""Options the peer cannot know, reserved bits, an urgent pointer: LISTEN answers as it does without them."""

from probe.scenarios.options.options_unknown import STRANGE
from probe.scenarios.steps import HEARD, RCV, Expect, Scenario, Send

SCENARIO = Scenario(
    id="listen-unusual",
    title="unknown options, reserved bits, URG meet LISTEN",
    steps=(
        *HEARD,
        Send(".", ack=RCV + 7, options=STRANGE, counts=False, rule="opt.unknown-ignored"),
        Expect("settled"),
        Send(".", ack=RCV + 70, reserved=14, counts=False, rule="hdr.reserved-ignored"),
        Expect("settled"),
        Send("U.", ack=RCV + 700, urgent=1, counts=False),
        Expect("settled"),
    ),
    shows=("opt.unknown-ignored", "hdr.reserved-ignored", "listen.ack-gets-rst"),
    clause="RFC 9293 3.1; 3.10.7.2 second",
    risky=True,
)
