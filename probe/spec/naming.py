"""Which rule of the catalogue a row of SEGMENT ARRIVES shows, given the state and the segment."""

from __future__ import annotations

from probe.spec.segment import ACK, FIN, SYN, Segment
from probe.spec.seq import Seq
from probe.spec.states import State
from probe.spec.tcb import Tcb

_FIXED = {
    "Z1": "hdr.checksum-checked",
    "Z4": "opt.illegal-length",
    "C1": "closed.rst-silent",
    "L1": "listen.rst-ignored",
    "L2": "listen.ack-gets-rst",
    "L5": "listen.no-syn-ack-rst-dropped",
    "S1": "active.rst-bad-ack-ignored",
    "S2": "active.unacceptable-ack-rst",
    "S3": "active.rst-ack-refused",
    "S4": "active.rst-without-ack-ignored",
    "S7": "simopen.syn-in-synsent",
    "S8": "active.good-ack-without-syn-dropped",
    "R1": "open.rst-out-of-window-ignored",
    "R2": "open.dup-syn-in-synrcvd",
    "R3": "simopen.completes",
    "R6": "open.new-syn-in-window-synrcvd",
    "R7": "open.no-ack-bit-dropped",
    "R8": "open.unacceptable-ack-rst",
    "R10": "open.unacceptable-ack-rst",
    "F1": "opt.paws-old-acked",
    "F2": "opt.ts-missing-dropped",
    "F8": "seg.ack-too-old",
    "F9": "seg.ack-of-unsent",
    "E4": "seg.out-of-order-held",
    "E5": "close.fin-out-of-order",
    "W2": "aclose.fin-acked-stops",
    "W3": "aclose.data-in-finwait1",
    "W4": "simclose.fin-acked",
    "W5": "aclose.fin-and-ack-together",
    "V2": "seg.pure-ack-silent",
    "V3": "aclose.halfclose-receives",
    "V4": "aclose.finwait2-fin",
    "K2": "seg.pure-ack-silent",
    "K3": "close.data-after-fin-ignored",
    "K4": "close.fin-retransmit-reacked",
    "G2": "simclose.ends-in-timewait",
    "G3": "simclose.fin-still-retransmitted",
    "A2": "close.lastack-closed",
    "A3": "close.lastack-wrong-ack",
    "R9": "open.final-ack-establishes",
    "E2": "seg.pure-ack-silent",
    "T11": "timewait.rst",
    "T9": "timewait.syn-old-refused",
    "T12": "timewait.fin-reacked",
    "T16": "seg.pure-ack-silent",
    "T18": "timewait.data-ignored",
}


def rule_for(row: str, tcb: Tcb, segment: Segment) -> str:
    """The catalogue id; total: every row has one."""
    if row in _FIXED:
        return _FIXED[row]
    return _BY_ROW[row](tcb, segment)


def _c2(_: Tcb, segment: Segment) -> str:
    bare_syn = segment.flags & (SYN | FIN) == SYN and not segment.length
    return "closed.syn-refused" if bare_syn else "closed.seglen-counts"


def _c3(tcb: Tcb, segment: Segment) -> str:
    return "halfopen.data-to-nobody" if segment.length and tcb.listening else "closed.ack-rst-seq"


def _l4(_: Tcb, segment: Segment) -> str:
    if segment.flags & FIN:
        return "listen.syn-fin"
    return "syndata.handshake-works" if segment.length else "open.listen-syn-synack"


def _s6(_: Tcb, segment: Segment) -> str:
    return "active.synack-with-data" if segment.length else "active.synack-acked"


def _r4(_: Tcb, segment: Segment) -> str:
    return "open.syn-out-of-window-synrcvd" if segment.flags & SYN else "open.seq-out-of-window-acked"


def _r5(tcb: Tcb, segment: Segment) -> str:
    if segment.seq != tcb.rcv_nxt:
        return "open.rst-in-window-challenged"
    return "open.rst-returns-to-listen" if tcb.passive else "simopen.rst-refuses"


def _f3(tcb: Tcb, _: Segment) -> str:
    return "timewait.rst-out-of-window" if tcb.state is State.TIME_WAIT else "rst.out-of-window-dropped"


def _f4(tcb: Tcb, segment: Segment) -> str:
    if segment.flags & SYN:
        return _f4_syn(tcb, segment)
    if segment.flags & FIN:
        return _f4_fin(tcb, segment)
    if tcb.state is State.TIME_WAIT:
        return "timewait.old-segment-acked"
    if segment.length and segment.end <= tcb.rcv_nxt:
        return "close.data-before-fin-again" if tcb.fin_received else "seg.old-duplicate-acked"
    return "seg.below-window-empty" if segment.seq == tcb.rcv_nxt - 1 else "seg.out-of-window-acked"


def _f4_syn(tcb: Tcb, segment: Segment) -> str:
    if segment.seq == tcb.irs:
        return "synsync.retransmitted-synack" if segment.flags & ACK else "synsync.retransmitted-syn"
    return "halfopen.syn-out-of-window" if tcb.state is State.ESTABLISHED else "synsync.closing-states"


def _f4_fin(tcb: Tcb, segment: Segment) -> str:
    if not tcb.fin_received or segment.end != tcb.rcv_nxt:
        return "close.fin-out-of-window"
    return {
        State.CLOSING: "simclose.dup-fin-reacked",
        State.TIME_WAIT: "timewait.fin-reacked",
    }.get(tcb.state, "close.fin-retransmit-reacked")


def _f5(tcb: Tcb, segment: Segment) -> str:
    if segment.seq != tcb.rcv_nxt:
        return "rst.in-window-challenge"
    if segment.length:
        return "rst.with-data"
    return "rst.exact-resets" if tcb.state is State.ESTABLISHED else "rst.closing-states"


def _f6(tcb: Tcb, _: Segment) -> str:
    return "synsync.in-window" if tcb.state is State.ESTABLISHED else "synsync.closing-states"


def _f7(_: Tcb, segment: Segment) -> str:
    return "close.fin-without-ack-dropped" if segment.flags & FIN else "seg.no-ack-bit-dropped"


def _t1(tcb: Tcb, segment: Segment) -> str:
    """RFC 6191 section 2 decides by timestamps where both SYNs have them, by numbers otherwise."""
    stamps = segment.timestamps
    newer = stamps is not None and tcb.timestamps and Seq(stamps[0]) > Seq(tcb.ts_recent)
    return "timewait.syn-newer-timestamp" if newer else "timewait.syn-newer-seq"


def _e3(tcb: Tcb, segment: Segment) -> str:
    if segment.seq < tcb.rcv_nxt:
        return "seg.overlap-trimmed"
    return "open.ack-with-data" if tcb.state is State.SYN_RECEIVED else "ack.under-half-second"


def _e6(tcb: Tcb, segment: Segment) -> str:
    if tcb.state is State.SYN_RECEIVED:
        return "open.ack-with-fin"
    return "close.fin-with-data" if segment.length else "close.fin-acked"


_BY_ROW = {
    "C2": _c2,
    "C3": _c3,
    "L4": _l4,
    "S6": _s6,
    "R4": _r4,
    "R5": _r5,
    "F3": _f3,
    "F4": _f4,
    "F5": _f5,
    "F6": _f6,
    "F7": _f7,
    "T1": _t1,
    "E3": _e3,
    "E6": _e6,
}
