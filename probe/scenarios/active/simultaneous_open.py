"""Both ends open at once: our SYN crosses the peer's; it goes through SYN-RECEIVED to ESTABLISHED (Figure 7)."""

from probe.scenarios.steps import CALLED, ISS, Expect, Scenario, Send

SCENARIO = Scenario(
    id="simultaneous-open",
    title="simultaneous open",
    steps=(
        *CALLED,
        Send("S"),
        Expect("S."),
        Send("S.", seq=ISS),
        Send("."),
        Send("P.", data=b"open\n"),  # an ACK of text leaves no doubt, unlike one that may also update the window
        Expect("."),
    ),
    shows=("active.syn-form", "simopen.syn-in-synsent", "simopen.completes"),
    clause="RFC 9293 3.5 Figure 7",
    opens="peer",
)
