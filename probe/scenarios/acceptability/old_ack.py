"""Data whose ACK field lies far in the past: challenged and not taken, or taken; the connection works on.

So far, and no further: older than MAX.SND.WND below SND.UNA (RFC 5961 section 5.2), for which 65,535 are offered, and
young enough for the connection tracking of firewalls (66,000) to take the octet into account, as its ACK must pass.
"""

from probe.scenarios.steps import OPEN, RCV, SPEAK, Expect, Scenario, Send

OLD = RCV - 65_800
SCENARIO = Scenario(
    id="old-ack",
    title="data with an ACK far in the past",
    steps=(
        *OPEN,
        *SPEAK,
        Send("P.", ack=OLD, data=b"x", counts=False),
        Expect("settled"),
        Send("P.", data=b"x"),
        Expect("settled"),
        Expect("."),
    ),
    shows=("ack.under-half-second",),
    clause="RFC 9293 3.10.7.4 fifth; RFC 5961 5.2",
    may_show=("seg.ack-too-old",),
    risky=True,
)
