"""Faulty peers for the exchanges of the whole catalogue: rule, exchange, and the one defect the rule must catch."""

from __future__ import annotations

from probe.spec.reaction import Reaction
from probe.spec.segment import ACK, EOL, FIN, MSS, PSH, SACK_PERMITTED, TIMESTAMPS, WSCALE, Option, Segment
from tests.helpers.faults import (
    acks,
    again_later,
    altered,
    as_before,
    challenges,
    ends,
    establishes,
    fin_for_rst,
    full,
    header,
    keeps_time,
    late,
    not_at_first,
    only,
    opens_anew,
    resets,
    silent,
    speaks,
    survives_exact,
    takes,
    with_options,
    without,
)
from tests.helpers.peer import Fault

Defect = tuple[dict[str, Fault], dict[str, object]]


def one(place: str, fault: Fault, **settings: object) -> Defect:
    """One defect at a row or a call, and what else the peer needs for it to show."""
    return {place: fault}, settings


def odd(segment: Segment) -> bool:
    """A segment with an option that no stack knows."""
    return any(option.kind == 253 for option in segment.options)


def stamped(segment: Segment) -> bool:
    """A segment with timestamps."""
    return segment.timestamps is not None


def shut(segment: Segment) -> bool:
    """A segment with FIN."""
    return bool(segment.flags & FIN)


def old_stamp(segment: Segment) -> bool:
    """A segment with a TSval below the first the tester uses."""
    return segment.timestamps is not None and segment.timestamps[0] < 0x10000000


def reopening(reactions: tuple[Reaction, ...]) -> Reaction:
    """TIME-WAIT is reopened by a newer SYN, otherwise the first reaction is taken."""
    return reactions[1 if reactions[0].row == "T1" else 0]


STAMP = Option(TIMESTAMPS, bytes(8))
CASES: list[tuple[str, str, Defect]] = [
    ("rstgen.unread-data-at-close", "close-unread", one("ABORT", fin_for_rst)),
    ("dup.old-syn-recovery", "old-syn-recovery", one("L4", not_at_first(silent))),
    ("halfopen.rst-aborts", "half-open-syn", one("F5", acks)),
    ("halfopen.reopen", "half-open-syn", one("L4", not_at_first(silent))),
    ("halfopen.rst-on-peer-data", "half-open-data", one("F5", as_before)),
    ("seg.modulo-2-32", "isn-wraps", one("E3", altered(ack=1))),
    ("seg.modulo-2-32", "isn-wraps", one("E3", resets)),
    ("seg.modulo-2-32", "isn-zero", one("L4", not_at_first(silent))),
    ("ack.every-second-full-segment", "full-segments", one("E3", late(0.3))),
    ("open.ack-with-data", "ack-with-data", one("E3", silent)),
    ("open.ack-with-data", "ack-with-data", one("E3", resets)),
    ("open.ack-with-fin", "ack-with-fin", one("E6", altered(ack=-1))),
    ("open.ack-with-fin", "ack-with-fin", one("E6", resets)),
    ("open.dup-syn-in-synrcvd", "syn-again-syn-received", one("R2", opens_anew)),
    ("open.dup-syn-in-synrcvd", "syn-again-syn-received", one("R2", resets)),
    ("open.unacceptable-ack-rst", "bad-ack-syn-received", one("R10", silent)),
    ("open.unacceptable-ack-rst", "bad-ack-syn-received", one("R10", altered(seq=1))),
    ("open.unacceptable-ack-rst", "bad-ack-syn-received", one("R10", establishes)),
    ("open.no-ack-bit-dropped", "no-ack-flag-syn-received", one("R7", resets)),
    ("open.no-ack-bit-dropped", "no-ack-flag-syn-received", one("R7", takes(1))),
    ("open.seq-out-of-window-acked", "ack-outside-syn-received", one("R4", silent)),
    ("open.seq-out-of-window-acked", "ack-outside-syn-received", one("R4", establishes)),
    ("open.seq-out-of-window-acked", "ack-outside-syn-received", one("R4", resets)),
    ("open.rst-out-of-window-ignored", "rst-outside-syn-received", one("R1", ends)),
    ("open.rst-out-of-window-ignored", "rst-outside-syn-received", one("R1", acks)),
    ("open.rst-in-window-challenged", "rst-inside-syn-received", one("R5", resets)),
    ("halfopen.data-to-nobody", "listen-ack", one("L2", only(lambda s: bool(s.length), silent))),
    ("halfopen.data-to-nobody", "closed-ack", one("C3", only(lambda s: bool(s.length), altered(seq=10)))),
    ("listen.ack-gets-rst", "listen-ack", one("L2", only(shut, silent))),
    ("listen.rst-ignored", "listen-rst", one("L1", acks, changed=True)),
    ("listen.no-syn-ack-rst-dropped", "listen-nothing", one("L5", resets)),
    ("closed.ack-rst-seq", "closed-ack", one("C3", altered(seq=1))),
    ("closed.ack-rst-seq", "closed-ack", one("C3", silent)),
    ("closed.seglen-counts", "closed-no-ack", one("C2", only(lambda s: bool(s.length), altered(ack=-1)))),
    ("closed.seglen-counts", "closed-no-ack", one("C2", only(shut, altered(ack=-1)))),
    ("closed.seglen-counts", "closed-no-ack", one("C2", only(lambda s: not s.flags, silent))),
    ("closed.rst-silent", "closed-rst", one("C1", resets)),
    ("rst.out-of-window-dropped", "rst-outside", one("F3", ends)),
    ("rst.out-of-window-dropped", "rst-outside", one("F3", acks)),
    ("rst.in-window-challenge", "rst-inside", one("F5", resets)),
    ("rst.challenge-then-exact", "rst-inside", one("F5", survives_exact)),
    ("rst.ack-field-irrelevant", "rst-bad-ack", one("F5", as_before)),
    ("rst.with-data", "rst-with-data", one("F5", as_before)),
    ("rst.with-data", "rst-with-data", one("F5", takes(7))),
    ("rst.closing-states", "rst-close-wait", one("F5", as_before)),
    ("rst.closing-states", "rst-fin-wait-1", one("F5", as_before)),
    ("rst.closing-states", "rst-fin-wait-2", one("F5", acks)),
    ("rst.closing-states", "rst-last-ack", one("F5", as_before)),
    ("synsync.in-window", "syn-inside", one("F6", opens_anew)),
    ("synsync.in-window", "syn-inside", one("F6", silent)),
    ("synsync.data-flows-on", "syn-inside", one("E3", only(lambda s: s.length == 5, silent))),
    ("synsync.retransmitted-syn", "syn-again-established", one("F4", resets)),
    ("synsync.retransmitted-syn", "syn-again-established", one("F4", opens_anew)),
    ("synsync.closing-states", "syn-close-wait", one("F6", opens_anew)),
    ("synsync.closing-states", "syn-fin-wait-2", one("F4", opens_anew)),
    ("seg.out-of-window-acked", "data-outside", one("F4", silent)),
    ("seg.out-of-window-acked", "data-outside", one("F4", resets)),
    ("seg.old-duplicate-acked", "data-again", one("F4", silent)),
    ("seg.old-duplicate-acked", "data-again", one("F4", altered(ack=10))),
    ("seg.overlap-trimmed", "data-overlapping", one("E3", only(lambda s: s.length == 8, altered(ack=3)))),
    ("seg.out-of-order-held", "data-out-of-order", one("E4", takes(10))),
    ("seg.out-of-order-held", "data-out-of-order", one("E4", resets)),
    ("seg.out-of-order-held", "data-out-of-order", one("E4", as_before)),
    ("seg.out-of-order-held", "fin-out-of-order", one("E5", as_before)),
    ("seg.no-ack-bit-dropped", "data-without-ack", one("F7", takes(1))),
    ("seg.no-ack-bit-dropped", "data-without-ack", one("F7", resets)),
    ("seg.ack-too-old", "old-ack", one("F8", resets)),
    ("close.fin-with-data", "fin-with-data", one("E6", altered(ack=1))),
    ("close.fin-with-data", "fin-with-data", one("E6", altered(ack=-10), closes_on_eof=False)),
    ("close.fin-without-ack-dropped", "fin-without-ack", one("F7", takes(1))),
    ("close.fin-without-ack-dropped", "fin-without-ack", one("F7", resets)),
    ("close.fin-out-of-order", "fin-out-of-order", one("E5", takes(6))),
    ("close.fin-out-of-order", "fin-out-of-order", one("E5", resets)),
    ("close.fin-out-of-window", "fin-outside", one("F4", silent)),
    ("close.fin-out-of-window", "fin-outside", one("F4", takes(1))),
    ("close.fin-retransmit-reacked", "close-wait-fin", one("F4", silent)),
    ("close.fin-retransmit-reacked", "close-wait-fin", one("F4", altered(ack=1))),
    ("close.data-after-fin-ignored", "close-wait-data", one("K3", takes(1))),
    ("close.data-after-fin-ignored", "close-wait-data", one("K3", resets)),
    ("close.data-before-fin-again", "close-wait-old-data", one("F4", altered(ack=-1))),
    ("close.data-before-fin-again", "close-wait-old-data", one("F4", resets)),
    ("close.lastack-wrong-ack", "last-ack-wrong-ack", one("A3", ends)),
    ("aclose.data-in-finwait1", "data-in-fin-wait-1", one("W3", silent, rto=5.0)),
    (
        "aclose.no-data-after-fin",
        "half-close-by-peer",
        one("F4", again_later(0.3, PSH | ACK, back=0, text=3), changed=True),
    ),
    ("rstgen.data-after-close", "data-in-fin-wait-2", one("V3", silent)),
    ("simclose.dup-fin-reacked", "closing-fin", one("F4", silent)),
    ("simclose.dup-fin-reacked", "closing-fin", one("F4", resets)),
    ("simclose.fin-still-retransmitted", "closing-fin-again", one("RETRANSMIT", silent)),
    ("timewait.rst", "time-wait-rst", one("T11", acks)),
    ("timewait.rst", "time-wait-rst", one("T11", as_before)),
    ("timewait.rst-out-of-window", "time-wait-rst-outside", one("F3", ends)),
    ("timewait.old-segment-acked", "time-wait-old-data", one("F4", silent)),
    ("timewait.old-segment-acked", "time-wait-old-data", one("F4", resets)),
    ("timewait.data-ignored", "time-wait-data", one("T18", takes(1))),
    ("timewait.data-ignored", "time-wait-data", one("T18", resets)),
    ("timewait.syn-newer-seq", "time-wait-new-syn", one("T1", altered(ack=5))),
    ("timewait.new-isn-larger", "time-wait-new-syn", one("T1", altered(seq=-100_000), choose=reopening)),
    ("timewait.syn-newer-timestamp", "time-wait-new-stamp", one("T1", silent)),
    ("timewait.syn-old-refused", "time-wait-old-stamp", one("T9", opens_anew)),
    ("opt.mss-on-syn", "options-plain", one("FORM", without(MSS, on_syn=True))),
    ("opt.mss-only-on-syn", "options-plain", one("FORM", with_options(Option(MSS, b"\5\xb4")))),
    ("opt.ws-only-if-offered", "options-plain", one("FORM", with_options(Option(WSCALE, b"\7"), on_syn=True))),
    ("opt.ts-only-if-offered", "options-plain", one("FORM", with_options(STAMP, on_syn=True))),
    ("opt.ts-only-if-offered", "options-unaligned", one("FORM", with_options(STAMP, on_syn=True))),
    ("opt.eol-zero-padding", "options-plain", one("FORM", with_options(Option(EOL, b"\1\2\3"), on_syn=True))),
    ("opt.sackperm-only-on-syn", "options-all", one("FORM", with_options(Option(SACK_PERMITTED)))),
    ("opt.ts-on-every-segment", "options-all", one("FORM", without(TIMESTAMPS))),
    ("opt.ws-limit-14", "options-all", one("FORM", with_options(Option(WSCALE, b"\x0f"), on_syn=True))),
    ("opt.ws-limit-14", "options-scale-15", one("L4", not_at_first(silent))),
    ("opt.mss-respected", "options-mss", ({}, {"heeds_mss": False})),
    ("opt.mss-default", "options-no-mss", ({}, {"heeds_mss": False})),
    ("opt.unknown-ignored", "options-unknown", one("L4", only(odd, silent))),
    ("opt.unknown-ignored", "options-unknown", one("E3", only(odd, resets))),
    ("opt.any-segment", "options-on-data", one("E3", silent)),
    ("opt.unaligned", "options-unaligned", one("L4", not_at_first(silent))),
    ("opt.ws-on-non-syn-ignored", "options-scale-late", one("E3", resets)),
    ("opt.ts-unnegotiated-ignored", "options-stamp-late", one("E3", only(stamped, silent))),
    ("opt.ts-unnegotiated-ignored", "options-stamp-late", one("FORM", with_options(STAMP))),
    ("opt.illegal-length", "options-illegal", one("L4", not_at_first(only(lambda s: not s.options[0].fault, silent)))),
    ("opt.paws-old-acked", "paws-old", one("F1", silent)),
    ("opt.paws-old-acked", "paws-old", one("F1", resets)),
    ("opt.ts-missing-survived", "stamp-missing", one("F2", resets)),
    ("opt.ts-missing-survived", "stamp-missing", one("F2", ends)),
    ("opt.ts-missing-dropped", "stamp-missing", one("F2", takes(1))),
    ("opt.ts-missing-dropped", "stamp-missing", one("F2", acks)),
    ("rst.no-paws", "rst-old-stamp", one("F5", only(old_stamp, as_before))),
    ("rst.zero-window", "zero-window-rst", one("F5", full(as_before))),
    ("rst.zero-window", "zero-window-rst", one("F5", full(challenges))),
    ("close.fin-into-zero-window", "zero-window-fin", one("F4", full(silent))),
    ("close.fin-into-zero-window", "zero-window-fin", one("F4", full(resets))),
    ("close.fin-into-zero-window", "zero-window-fin", one("F4", full(altered(ack=-1)))),
    ("hdr.checksum-checked", "checksum-data", one("Z1", ends)),
    ("hdr.checksum-checked", "checksum-data", one("Z1", takes(1))),
    ("hdr.checksum-checked", "checksum-syn", one("Z1", opens_anew)),
    ("hdr.checksum-generated", "options-plain", one("FORM", header(faults=("checksum",)))),
    ("hdr.reserved-ignored", "reserved-bits", one("L4", only(lambda s: bool(s.reserved), silent))),
    ("hdr.reserved-ignored", "reserved-bits", one("E3", only(lambda s: bool(s.reserved), silent))),
    ("hdr.reserved-zero", "reserved-bits", one("FORM", header(reserved=14))),
    ("syndata.handshake-works", "syn-data", one("L4", not_at_first(silent))),
    ("syndata.handshake-works", "syn-data", one("L4", not_at_first(resets))),
    ("syndata.once-only", "syn-data", one("E3", silent)),
    ("syndata.once-only", "syn-data", one("E3", altered(ack=5))),
    ("syndata.not-delivered-early", "syn-data-early", one("L4", not_at_first(speaks))),
    ("rstgen.never-for-unacceptable", "unacceptable-segment", one("F4", resets)),
    ("timewait.duration", "time-wait-held", ({}, {"two_msl": 5.0})),
    ("timewait.timer-restart", "time-wait-restarted", one("T12", keeps_time, changed=True)),
    ("timewait.expires", "time-wait-over", ({}, {"two_msl": 1000.0, "changed": True})),
    ("close.gives-up", "last-ack-given-up", ({}, {"r2": 10.0})),
    ("seg.always-ack-flag", "half-close", one("SEND", altered(drop=ACK, text=100))),
]
