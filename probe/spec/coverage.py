"""What shows what: which rules the cells of the matrix show, what nothing shows, and what shows the cases of TC8.

A cell is every segment of one kind in one state, at the positions that matter: ``SYN-RECEIVED SYN``. Which rules it
shows is asked of ``arrives`` alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
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


# TC8


@dataclass(frozen=True, slots=True)
class Case:
    """One case of TC8: its id without ``TCP_``, its purpose, what shows it, or why nothing does."""

    id: str
    purpose: str
    exchanges: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    beyond: str = ""


def _case(name: str, purpose: str, exchanges: str = "", *cells: str, beyond: str = "") -> Case:
    return Case(name, purpose, tuple(exchanges.split()), cells, beyond)


def _in(states: str, *kinds: str) -> tuple[str, ...]:
    return tuple(f"{state} {kind}" for state in states.split() for kind in kinds)


_FIVE = ("SYN", "SYN+ACK", "ACK", "FIN+ACK", "DATA")
_BAD = ("ACK", "DATA")

CASES: tuple[Case, ...] = (
    _case("BASICS_01", "LISTEN answers a SYN with SYN,ACK", "open"),
    _case("BASICS_02", "the ACK in SYN-RECEIVED leads to ESTABLISHED", "open ack-with-data"),
    _case("BASICS_03", "a FIN in ESTABLISHED is acknowledged", "close-by-us"),
    _case("BASICS_04", "closed port, segments without ACK: RST with number 0", "refused closed-no-ack"),
    _case("BASICS_05", "closed port, segments with ACK: RST with the number acknowledged", "closed-ack"),
    _case("BASICS_06", "an active open sends a SYN", "active-open"),
    _case("BASICS_07", "SYN,ACK in SYN-SENT leads to ESTABLISHED", "active-open"),
    _case("BASICS_08", "CLOSE sends a FIN, in ESTABLISHED and in CLOSE-WAIT", "close-by-peer close-by-us"),
    _case("BASICS_09", "the ACK of its FIN ends LAST-ACK", "close-by-us"),
    _case("BASICS_10", "a FIN in FIN-WAIT-1 and -2 is acknowledged", "close-by-peer simultaneous-close"),
    _case("BASICS_11", "TIME-WAIT from FIN-WAIT-2 ends after 2MSL", "time-wait-held time-wait-over"),
    _case("BASICS_12", "TIME-WAIT from CLOSING ends after 2MSL", "time-wait-held time-wait-over"),
    _case("BASICS_13", "the FIN again in TIME-WAIT is acknowledged", "time-wait-fin"),
    _case("BASICS_14", "the FIN again in TIME-WAIT from CLOSING is acknowledged", "simultaneous-close"),
    _case("BASICS_17", "simultaneous open ends in ESTABLISHED", "simultaneous-open"),
    _case("CONNECTION_ESTAB_01", "one listener, several sources", "synack-retransmitted open"),
    _case("CONNECTION_ESTAB_02", "several listeners", beyond="a check judges one port; give each as a target"),
    _case("CONNECTION_ESTAB_03", "several active opens", "active-open active-close-by-us active-close-by-peer"),
    _case("CONNECTION_ESTAB_07", "passive close: FIN acknowledged, then its own FIN", "close-by-us close-by-us-four"),
    _case("CLOSING_03", "a RST with data ends the connection in silence", "rst-with-data"),
    _case("CLOSING_06", "CLOSE sends a FIN", "close-by-peer"),
    _case("CLOSING_07", "FIN-WAIT-1 takes and acknowledges data", "data-in-fin-wait-1"),
    _case("CLOSING_08", "FIN-WAIT-2 takes and acknowledges data", "half-close-by-peer"),
    _case("CLOSING_09", "CLOSE-WAIT lasts until the user closes and may send", "half-close close-by-us-four"),
    _case("CLOSING_13", "a RST to a closed port draws nothing", "closed-rst"),
    _case("CALL_ABORT_02", "ABORT in ESTABLISHED sends a RST", "abort-by-peer"),
    _case("CALL_ABORT_03", "ABORT in CLOSING, LAST-ACK, TIME-WAIT", beyond="it sends nothing, and no call is seen"),
    _case("CALL_RECEIVE_04", "data in ESTABLISHED and FIN-WAIT is taken", "delayed-ack half-close-by-peer"),
    _case("CALL_RECEIVE_05", "data that came with the FIN is taken", "fin-with-data"),
    _case("UNACCEPTABLE_01", "a RST in SYN-RECEIVED returns to LISTEN", "isn-differs old-syn-recovery"),
    _case("UNACCEPTABLE_02", "a RST outside the window in SYN-RECEIVED", "rst-outside-syn-received"),
    _case("UNACCEPTABLE_03", "a wrong ACK in SYN-RECEIVED draws a RST", "bad-ack-syn-received"),
    _case("UNACCEPTABLE_04", "wrong numbers in ESTABLISHED draw an ACK", "data-outside", *_in("ESTABLISHED", *_BAD)),
    _case("UNACCEPTABLE_05", "SYN,ACK to LISTEN draws a RST", "listen-ack"),
    _case(
        "UNACCEPTABLE_06", "a SYN outside the window in ESTABLISHED draws an ACK", "old-syn-established half-open-syn"
    ),
    _case("UNACCEPTABLE_07", "ACK to LISTEN draws a RST", "listen-ack"),
    _case("UNACCEPTABLE_08", "a wrong ACK in SYN-SENT draws a RST", "active-bad-ack"),
    _case("UNACCEPTABLE_09", "wrong numbers in FIN-WAIT-1", "", *_in("FIN-WAIT-1", *_BAD)),
    _case("UNACCEPTABLE_10", "wrong numbers in FIN-WAIT-2", "", *_in("FIN-WAIT-2", *_BAD)),
    _case("UNACCEPTABLE_11", "wrong numbers in CLOSING", "", *_in("CLOSING", *_BAD)),
    _case("UNACCEPTABLE_12", "wrong numbers in LAST-ACK", "", *_in("LAST-ACK", *_BAD)),
    _case("UNACCEPTABLE_13", "wrong numbers in TIME-WAIT", "time-wait-old-data", *_in("TIME-WAIT", *_BAD)),
    _case("UNACCEPTABLE_14", "wrong numbers in CLOSE-WAIT", "close-wait-old-data", *_in("CLOSE-WAIT", *_BAD)),
    _case("FLAGS_INVALID_01", "SYN+RST to LISTEN is ignored", "listen-rst"),
    _case("FLAGS_INVALID_02", "SYN,ACK to LISTEN draws a RST, still listening", "listen-ack"),
    _case("FLAGS_INVALID_03", "SYN-SENT, RST with a wrong ACK", "active-rst-bad-ack"),
    _case("FLAGS_INVALID_04", "SYN-SENT, RST without ACK", "active-bare-rst"),
    _case("FLAGS_INVALID_05", "SYN-SENT, odd segments", "", *_in("SYN-SENT", "FIN", "NULL")),
    _case("FLAGS_INVALID_06", "SYN-SENT, a good ACK without SYN is dropped", "active-bare-ack"),
    _case("FLAGS_INVALID_07", "five kinds outside the window, SYN-RECEIVED", "", *_in("SYN-RECEIVED", *_FIVE)),
    _case("FLAGS_INVALID_08", "five kinds outside the window, ESTABLISHED", "", *_in("ESTABLISHED", *_FIVE)),
    _case("FLAGS_INVALID_09", "five kinds outside the window, FIN-WAIT-1", "", *_in("FIN-WAIT-1", *_FIVE)),
    _case("FLAGS_INVALID_10", "five kinds outside the window, FIN-WAIT-2", "", *_in("FIN-WAIT-2", *_FIVE)),
    _case("FLAGS_INVALID_11", "five kinds outside the window, CLOSE-WAIT", "", *_in("CLOSE-WAIT", *_FIVE)),
    _case("FLAGS_INVALID_12", "five kinds outside the window, CLOSING", "", *_in("CLOSING", *_FIVE)),
    _case("FLAGS_INVALID_13", "five kinds outside the window, LAST-ACK", "", *_in("LAST-ACK", *_FIVE)),
    _case("FLAGS_INVALID_14", "FIN or data outside the window, TIME-WAIT", "", *_in("TIME-WAIT", "FIN+ACK", "DATA")),
    _case(
        "FLAGS_INVALID_15",
        "a RST outside the window in eight states",
        "rst-outside-syn-received rst-outside time-wait-rst-outside",
        *_in("SYN-RECEIVED ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 CLOSE-WAIT CLOSING LAST-ACK TIME-WAIT", "RST"),
    ),
    _case(
        "FLAGS_PROCESSING_02",
        "a good RST closes, in five states",
        "isn-differs abort-by-us rst-fin-wait-1 rst-fin-wait-2 rst-close-wait",
    ),
    _case("FLAGS_PROCESSING_05", "SYN in the window of SYN-RECEIVED", "", *_in("SYN-RECEIVED", "SYN", "SYN+ACK")),
    _case("FLAGS_PROCESSING_06", "a FIN in TIME-WAIT restarts 2MSL", "time-wait-restarted"),
    _case("FLAGS_PROCESSING_07", "URG alone after a FIN is ignored", beyond="no urgent data after a FIN is sent"),
    _case(
        "FLAGS_PROCESSING_08",
        "FIN to CLOSED, LISTEN, SYN-SENT",
        "closed-no-ack listen-nothing",
        *_in("SYN-SENT", "FIN"),
    ),
    _case(
        "FLAGS_PROCESSING_09",
        "a second FIN changes nothing",
        "close-wait-fin closing-fin",
        *_in("CLOSE-WAIT CLOSING LAST-ACK", "FIN+ACK"),
    ),
    _case("FLAGS_PROCESSING_10", "a piggybacked ACK is taken", "ack-with-data active-open-data"),
    _case("FLAGS_PROCESSING_11", "the third ACK again draws nothing", "empty-ack"),
    _case("CONTROL_FLAGS_05", "data with URG and PSH is acknowledged", "urgent-data"),
    _case("CONTROL_FLAGS_08", "recovery from an old duplicate SYN", "old-syn-recovery half-open-syn"),
    _case("SEQUENCE_01", "the SYN,ACK acknowledges ISN+1", "open"),
    _case("SEQUENCE_02", "the ACK of a SYN,ACK acknowledges ISN+1", "active-open"),
    _case("SEQUENCE_03", "ISN 0", "isn-zero"),
    _case("SEQUENCE_04", "ISN at the end of the space", "isn-wraps"),
    _case("SEQUENCE_05", "cumulative ACK of several segments", "full-segments data-out-of-order"),
    _case("ACKNOWLEDGEMENT_02", "an ACK rides on data", "active-open-data"),
    _case("ACKNOWLEDGEMENT_03", "the ACK covers the data", "delayed-ack"),
    _case("ACKNOWLEDGEMENT_04", "a pure ACK never draws a RST", "empty-ack"),
    _case(
        "HEADER_04", "wrong source port", beyond="an exchange is one four-tuple; listen-ack sends what belongs to none"
    ),
    _case("HEADER_07", "data offset too short", beyond="RFC 9293 asks nothing of the receiver of such a header"),
    _case("HEADER_08", "data offset past the end", beyond="RFC 9293 asks nothing of the receiver of such a header"),
    _case("HEADER_09", "checksum zero", "checksum-data"),
    _case("HEADER_11", "SYN to a multicast address", beyond="nothing is ever sent to multicast addresses"),
    _case("CHECKSUM_01", "a right checksum is accepted", "delayed-ack"),
    _case("CHECKSUM_02", "a wrong checksum is dropped", "checksum-syn checksum-data"),
    _case("CHECKSUM_03", "its own checksums are right", "options-plain"),
    _case(
        "CHECKSUM_04", "the ISN is driven by a clock", beyond="random ISNs are no fault; isn-differs sees repeated ones"
    ),
)
"""OPEN Alliance TC8 v3.0 section 4.8.6, TCP: its 85 cases of open, close, reset and validity, in our own words.

Each names what shows it here: exchanges, and cells of the matrix. Cases that remain out of scope say why.
"""
