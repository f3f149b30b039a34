"""What shows what: which rules the cells of the matrix show, and what nothing shows.

A cell is every segment of one kind in one state, at the positions that matter: ``SYN-RECEIVED SYN``. Which rules it
shows is asked of ``arrives`` alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from probe.spec.arrives import arrives
from probe.spec.models import MODELS, WINDOW
from probe.spec.segment import ACK, KINDS, Segment, parse_flags
from probe.spec.seq import Seq
from probe.spec.states import State
from probe.spec.tcb import Tcb

FREEBSD = tuple(KINDS)[:8]
"""The kinds of segment of the FreeBSD state-event suite."""

NOTHING, TRIGGER, TARGET = "nothing", "a trigger", "`probe target`"
"""What the peer needs to be brought into a state: nothing but an ordinary server, a trigger, our target."""

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
    "ack.aggregated": (
        "what waits in a queue when a stack begins to process it is not to be seen from outside: segments sent back to"
        " back may have been processed one by one"
    ),
    "ack.delayed-at-all": "to acknowledge at once is no fault: there is nothing to judge",
    "opt.ws-not-on-syn-window": "a window says not of itself whether it is scaled: a guess, no verdict",
    "hdr.same-address": "a segment from another address belongs to no connection the tester knows of",
    "seg.ack-beyond-received": "the name for a stray segment whose number is wrong; nothing shows it on purpose",
    "seg.seq-beyond-sent": "the name for a stray segment whose number is wrong; nothing shows it on purpose",
    "conn.unexplained": "the name for departures that have no rule of their own; nothing shows it on purpose",
    "stack.survives": "every exchange shows it by the next one; a stack that ends is a finding of what ended it",
    "stack.mixed-behaviour": "a comparison of exchanges with each other; nothing shows it on purpose",
}
"""Rule id -> why nothing shows it (yet)."""


@lru_cache(maxsize=1)
def rules_by_cell() -> dict[str, tuple[str, ...]]:
    """Cell -> the rules that some position of it shows, in the order of the states and kinds."""
    found: dict[str, dict[str, None]] = {}
    for tcb in MODELS:
        for kind in KINDS:
            rules = found.setdefault(f"{tcb.state.value} {kind}", {})
            rules.update((r.rule, None) for segment in _positions(tcb, kind) for r in arrives(tcb, segment))
    return {cell: tuple(rules) for cell, rules in found.items()}


@lru_cache(maxsize=1)
def cells_by_rule() -> dict[str, tuple[str, ...]]:
    """Rule -> the cells that show it."""
    found: dict[str, list[str]] = {}
    for cell, rules in rules_by_cell().items():
        for rule in rules:
            found.setdefault(rule, []).append(cell)
    return {rule: tuple(cells) for rule, cells in found.items()}


def needs_of(cell: str) -> str:
    """What a cell needs of the peer."""
    match State(cell.rpartition(" ")[0]):
        case State.SYN_SENT | State.CLOSE_WAIT:
            return TARGET
        case State.FIN_WAIT_1 | State.FIN_WAIT_2 | State.CLOSING | State.TIME_WAIT:
            return TRIGGER
    return NOTHING


def _positions(tcb: Tcb, kind: str) -> Iterator[Segment]:
    """The segment of a kind at every number that may matter in a state."""
    flags = parse_flags(KINDS[kind])
    offsets = (-100, -4, -3, -1, 0, 1, 10, WINDOW - 1, WINDOW, 1 << 20)
    seqs = dict.fromkeys((tcb.irs, *(tcb.rcv_nxt + offset for offset in offsets)))
    una, nxt = tcb.snd_una, tcb.snd_nxt
    acks = dict.fromkeys((una - (1 << 30), una - 1, una, nxt, nxt + 1, nxt + 1000))
    for length in (3,) if kind == "DATA" else (0,) if kind == "ACK" else (0, 3):
        for seq in seqs:
            for ack in acks if flags & ACK else (Seq(0),):
                yield Segment(seq, ack, flags, WINDOW, length)
