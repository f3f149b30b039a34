"""The rules that neither an exchange nor a cell of the matrix shows, and why."""

from __future__ import annotations

UNSHOWN = {
    "open.listen-while-synrcvd": (
        "every run shows it: exchanges open while synack-retransmitted holds a half-open connection; no exchange of"
        " its own, as one exchange is one connection"
    ),
    "listen.broadcast-silent": "a check aims at one host; nothing is ever sent to broadcast or multicast addresses",
    "listen.invalid-source-ignored": "the tester sends from its own address only, never from a forged one",
    "active.syn-r2": "the attempt must be watched for three minutes and the application's own timeout is not known",
    "active.rto-after-syn-loss": (
        "the estimate may rest on earlier connections to the same host (Linux keeps it), which no record shows:"
        " an early retransmission would prove nothing"
    ),
    "isn.clock-driven": "random ISNs show no order and are no fault; isn-differs judges what can be told from outside",
    "isn.per-tuple-offset": "a statistic over many connections; no run takes samples enough yet",
    "isn.not-predictable": "a statistic over many connections; no run takes samples enough yet",
    "synack.gives-up": "the RFC sets no limit that a SYN,ACK has to keep, so no duration breaks the rule",
    "dup.old-syn-no-connection": "two-way-only shows it under the name open.two-way-only",
    "dup.syn-rst-race": "its second SYN lies in the window of SYN-RECEIVED: the matrix judges that cell",
    "rst.challenge-throttled": "throttling is permitted, its absence too; every exchange asks one such question only",
    "rstgen.timestamp-on-rst": "recommended and rarely done; it changes nothing in how a connection opens or closes",
    "timewait.back-on-old-dup": "a condition of a permission that stacks in use ignore; nothing else comes of it",
    "ack.delayed-at-all": "to acknowledge at once is no fault: there is nothing to judge",
    "opt.ws-not-on-syn-window": "a window says not of itself whether it is scaled: a guess, no verdict",
    "hdr.same-address": "a segment from another address belongs to no connection the tester knows of",
    "conn.unexplained": "the name for departures that have no rule of their own; nothing shows it on purpose",
    "stack.mixed-behaviour": "a comparison of exchanges with each other; nothing shows it on purpose",
}
"""Rule id -> why nothing shows it (yet)."""
