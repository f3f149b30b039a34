"""The rows of SEGMENT ARRIVES as a table: condition, clause, level, and the rule of the catalogue that each shows.

The page beside it is printed from here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from probe.spec.segment import ACK, FIN, SYN, Segment
from probe.spec.seq import Seq
from probe.spec.states import State
from probe.spec.tcb import Tcb


@dataclass(frozen=True, slots=True)
class Row:
    """One row: where it applies, what it says, the section (of RFC 9293 unless named) and its level."""

    states: str
    condition: str
    reaction: str
    section: str
    level: str = "SPEC"

    @property
    def clause(self) -> str:
        """The section with the RFC it belongs to."""
        return self.section if self.section.startswith("RFC") else f"RFC 9293 {self.section}"


_FIN_TAKEN = "CLOSE-WAIT, CLOSING, LAST-ACK"
_NEGOTIATED = "SYN-RECEIVED, synchronized"

ROWS: dict[str, Row] = {
    "Z1": Row("any", "checksum wrong", "drop", "3.1", "MUST"),
    "Z4": Row("any", "option with an impossible length", "reset, drop, or ignore the options", "3.1", "MUST"),
    "C1": Row("CLOSED", "RST", "drop", "3.10.7.1"),
    "C2": Row("CLOSED", "no ACK", "<SEQ=0><ACK=SEG.SEQ+SEG.LEN><RST,ACK>", "3.10.7.1"),
    "C3": Row("CLOSED", "ACK", "<SEQ=SEG.ACK><RST>", "3.10.7.1"),
    "L1": Row("LISTEN", "RST", "drop", "3.10.7.2 first"),
    "L2": Row("LISTEN", "ACK", "<SEQ=SEG.ACK><RST>", "3.10.7.2 second"),
    "L4": Row("LISTEN", "SYN", "<SEQ=ISS><ACK=SEG.SEQ+1><SYN,ACK>, SYN-RECEIVED", "3.10.7.2 third"),
    "L5": Row("LISTEN", "none of RST, ACK, SYN", "drop", "3.10.7.2 fourth"),
    "S1": Row("SYN-SENT", "unacceptable ACK, RST", "drop", "3.10.7.3 first"),
    "S2": Row("SYN-SENT", "unacceptable ACK", "<SEQ=SEG.ACK><RST>", "3.10.7.3 first"),
    "S3": Row("SYN-SENT", "RST, acceptable ACK", "CLOSED", "3.10.7.3 second"),
    "S4": Row("SYN-SENT", "RST, no ACK", "drop", "3.10.7.3 second"),
    "S6": Row("SYN-SENT", "SYN, acceptable ACK", "<ACK>, ESTABLISHED, go on", "3.10.7.3 fourth"),
    "S7": Row("SYN-SENT", "SYN, no ACK", "<SEQ=ISS><SYN,ACK>, SYN-RECEIVED", "3.10.7.3 fourth", "MUST"),
    "S8": Row("SYN-SENT", "neither SYN nor RST", "drop", "3.10.7.3 fifth"),
    "R1": Row("SYN-RECEIVED", "outside the window, RST", "drop", "3.10.7.4 first"),
    "R2": Row("SYN-RECEIVED", "the same SYN again", "<ACK>, or the SYN,ACK again", "3.10.7.4 first; 3.10.8"),
    "R3": Row("SYN-RECEIVED", "SYN,ACK of a simultaneous open", "ESTABLISHED, or <ACK>", "3.5 Figure 7; A.2", "MUST"),
    "R4": Row("SYN-RECEIVED", "outside the window", "<ACK>", "3.10.7.4 first; 3.5.2"),
    "R5": Row("SYN-RECEIVED", "RST in the window", "LISTEN or CLOSED; challenge ACK if not exact", "3.10.7.4 second"),
    "R6": Row("SYN-RECEIVED", "SYN in the window", "LISTEN (passive open)", "3.10.7.4 fourth"),
    "R7": Row("SYN-RECEIVED", "no ACK", "drop", "3.10.7.4 fifth"),
    "R8": Row("SYN-RECEIVED", "ACK outside the range of MAY-12", "<ACK>", "3.10.7.4 fifth", "MAY"),
    "R9": Row("SYN-RECEIVED", "SND.UNA < SEG.ACK =< SND.NXT", "ESTABLISHED, go on", "3.10.7.4 fifth"),
    "R10": Row("SYN-RECEIVED", "any other ACK", "<SEQ=SEG.ACK><RST>", "3.10.7.4 fifth"),
    "F1": Row(_NEGOTIATED, "TSval older than TS.Recent", "<ACK>, drop (with PAWS)", "RFC 7323 5.3 R1", "MUST"),
    "F2": Row(_NEGOTIATED, "negotiated timestamps missing", "drop, or go on", "RFC 7323 3.2", "SHOULD"),
    "F3": Row("synchronized", "outside the window, RST", "drop", "3.10.7.4 first"),
    "F4": Row("synchronized", "outside the window", "<SEQ=SND.NXT><ACK=RCV.NXT><ACK>", "3.10.7.4 first; 3.5.2"),
    "F5": Row("synchronized", "RST in the window", "CLOSED if exact; challenge ACK otherwise", "3.10.7.4 second"),
    "F6": Row("synchronized", "SYN in the window", "challenge ACK; or RST, CLOSED", "3.10.7.4 fourth"),
    "F7": Row("synchronized", "no ACK", "drop", "3.10.7.4 fifth"),
    "F8": Row("synchronized", "ACK outside the range of MAY-12", "<ACK>, drop", "3.10.7.4 fifth", "MAY"),
    "F9": Row("synchronized", "SEG.ACK > SND.NXT", "<ACK>, drop", "3.10.7.4 fifth; 3.5.2"),
    "E2": Row("ESTABLISHED", "no text, no FIN", "nothing", "3.10.7.4; 3.5 Figure 6"),
    "E3": Row("ESTABLISHED", "text at RCV.NXT", "<ACK> within 0.5 s", "3.10.7.4 seventh; 3.8.6.3", "MUST"),
    "E4": Row("ESTABLISHED", "text beyond RCV.NXT", "hold; <ACK> or nothing", "3.10.7.4 seventh"),
    "E5": Row("ESTABLISHED", "FIN beyond RCV.NXT", "hold or ignore; <ACK> or nothing", "3.10.7.4 first"),
    "E6": Row("ESTABLISHED", "FIN at RCV.NXT", "<ACK> covers the FIN, CLOSE-WAIT", "3.10.7.4 eighth; 3.6"),
    "W2": Row("FIN-WAIT-1", "own FIN acknowledged", "FIN-WAIT-2", "3.10.7.4 fifth"),
    "W3": Row("FIN-WAIT-1", "text", "taken, or RST after a full close", "3.10.7.4 seventh; 3.6.1"),
    "W4": Row("FIN-WAIT-1", "FIN, own FIN not acknowledged", "<ACK>, CLOSING", "3.10.7.4 eighth; Figure 13"),
    "W5": Row("FIN-WAIT-1", "FIN, own FIN acknowledged", "<ACK>, TIME-WAIT", "3.10.7.4 eighth; Figure 5"),
    "V2": Row("FIN-WAIT-2", "no text, no FIN", "nothing", "3.10.7.4"),
    "V3": Row("FIN-WAIT-2", "text", "taken, or RST after a full close", "3.10.7.4 seventh; 3.6.1"),
    "V4": Row("FIN-WAIT-2", "FIN", "<SEQ=FIN+1><ACK>, TIME-WAIT", "3.10.7.4 eighth; Figure 12"),
    "K2": Row("CLOSE-WAIT", "no text, no FIN", "nothing", "3.10.7.4"),
    "K3": Row(
        _FIN_TAKEN, "text after the FIN", "ignored; nothing, <ACK>, or RST after CLOSE", "3.10.7.4 seventh; 3.6.1"
    ),
    "K4": Row(_FIN_TAKEN, "a second FIN", "remain; nothing or <ACK>", "3.10.7.4 eighth", "MAY"),
    "G2": Row("CLOSING", "own FIN acknowledged", "TIME-WAIT", "3.10.7.4 fifth; Figure 13"),
    "G3": Row("CLOSING", "own FIN not acknowledged", "ignored", "3.10.7.4 fifth"),
    "A2": Row("LAST-ACK", "own FIN acknowledged", "CLOSED", "3.10.7.4 fifth"),
    "A3": Row("LAST-ACK", "own FIN not acknowledged", "nothing", "3.10.7.4 fifth"),
    "T1": Row("TIME-WAIT", "newer SYN", "SYN,ACK; or <ACK>; in the window also RST", "3.6.1; RFC 6191 2", "SHOULD"),
    "T9": Row("TIME-WAIT", "older SYN", "nothing or <ACK>", "3.10.7.4 first; RFC 6191 2"),
    "T11": Row("TIME-WAIT", "RST in the window", "CLOSED; challenge ACK if not exact", "3.10.7.4 second"),
    "T12": Row("TIME-WAIT", "the FIN again", "<ACK>, 2MSL again", "3.10.7.4 fifth, eighth"),
    "T16": Row("TIME-WAIT", "acceptable ACK", "nothing", "3.10.7.4 fifth"),
    "T18": Row("TIME-WAIT", "text", "ignored; nothing, <ACK>, or RST", "3.10.7.4 seventh; 3.6.1"),
}
"""Row id (as in the decision tables) to its text; ids of rows that only continue are left out."""


def rule_for(row: str, tcb: Tcb, segment: Segment) -> str:
    """The id of the rule that a row shows, given the state and the segment; every row has one."""
    shown = _SHOWN[row]
    return shown if isinstance(shown, str) else shown(tcb, segment)


SURVIVED = {"F2": "opt.ts-missing-survived"}
"""Row -> the rule left where the segment ends the connection, if that is another than the one it shows."""


def _reset_in_window(tcb: Tcb, segment: Segment) -> str:
    exact = segment.seq == tcb.rcv_nxt
    if tcb.state is State.SYN_RECEIVED:
        refused = "open.rst-returns-to-listen" if tcb.passive else "simopen.rst-refuses"
        return refused if exact else "open.rst-in-window-challenged"
    if not exact:
        return "rst.in-window-challenge"
    if segment.length:
        return "rst.with-data"
    return "rst.exact-resets" if tcb.state is State.ESTABLISHED else "rst.closing-states"


def _outside_window(tcb: Tcb, segment: Segment) -> str:
    if segment.flags & SYN:
        if segment.seq == tcb.irs:
            return "synsync.retransmitted-synack" if segment.flags & ACK else "synsync.retransmitted-syn"
        return "halfopen.syn-out-of-window" if tcb.state is State.ESTABLISHED else "synsync.closing-states"
    if segment.flags & FIN:
        if not tcb.fin_received or segment.end != tcb.rcv_nxt:
            return "close.fin-out-of-window"
        again = {State.CLOSING: "simclose.dup-fin-reacked", State.TIME_WAIT: "timewait.fin-reacked"}
        return again.get(tcb.state, "close.fin-retransmit-reacked")
    if tcb.state is State.TIME_WAIT:
        return "timewait.old-segment-acked"
    if segment.length and segment.end <= tcb.rcv_nxt:
        return "close.data-before-fin-again" if tcb.fin_received else "seg.old-duplicate-acked"
    return "seg.below-window-empty" if segment.seq == tcb.rcv_nxt - 1 else "seg.out-of-window-acked"


def _newer_syn(tcb: Tcb, segment: Segment) -> str:
    """RFC 6191 section 2 decides by timestamps where both SYNs have them, by numbers otherwise."""
    stamps = segment.timestamps
    newer = stamps is not None and tcb.timestamps and Seq(stamps[0]) > Seq(tcb.ts_recent)
    return "timewait.syn-newer-timestamp" if newer else "timewait.syn-newer-seq"


_SHOWN: dict[str, str | Callable[[Tcb, Segment], str]] = {
    "Z1": "hdr.checksum-checked",
    "Z4": "opt.illegal-length",
    "C1": "closed.rst-silent",
    "C2": lambda _, s: (
        "closed.syn-refused" if s.flags & (SYN | FIN) == SYN and not s.length else "closed.seglen-counts"
    ),
    "C3": lambda tcb, s: "halfopen.data-to-nobody" if s.length and tcb.listening else "closed.ack-rst-seq",
    "L1": "listen.rst-ignored",
    "L2": "listen.ack-gets-rst",
    "L4": lambda _, s: (
        "listen.syn-fin" if s.flags & FIN else "syndata.handshake-works" if s.length else "open.listen-syn-synack"
    ),
    "L5": "listen.no-syn-ack-rst-dropped",
    "S1": "active.rst-bad-ack-ignored",
    "S2": "active.unacceptable-ack-rst",
    "S3": "active.rst-ack-refused",
    "S4": "active.rst-without-ack-ignored",
    "S6": lambda _, s: "active.synack-with-data" if s.seg_len > 1 else "active.synack-acked",
    "S7": "simopen.syn-in-synsent",
    "S8": "active.good-ack-without-syn-dropped",
    "R1": "open.rst-out-of-window-ignored",
    "R2": "open.dup-syn-in-synrcvd",
    "R3": "simopen.completes",
    "R4": lambda _, s: "open.syn-out-of-window-synrcvd" if s.flags & SYN else "open.seq-out-of-window-acked",
    "R5": _reset_in_window,
    "R6": "open.new-syn-in-window-synrcvd",
    "R7": "open.no-ack-bit-dropped",
    "R8": "open.unacceptable-ack-rst",
    "R9": "open.final-ack-establishes",
    "R10": "open.unacceptable-ack-rst",
    "F1": "opt.paws-old-acked",
    "F2": "opt.ts-missing-dropped",
    "F3": lambda tcb, _: "timewait.rst-out-of-window" if tcb.state is State.TIME_WAIT else "rst.out-of-window-dropped",
    "F4": _outside_window,
    "F5": _reset_in_window,
    "F6": lambda tcb, _: "synsync.in-window" if tcb.state is State.ESTABLISHED else "synsync.closing-states",
    "F7": lambda _, s: "close.fin-without-ack-dropped" if s.flags & FIN else "seg.no-ack-bit-dropped",
    "F8": "seg.ack-too-old",
    "F9": "seg.ack-of-unsent",
    "E2": "seg.pure-ack-silent",
    "E3": lambda tcb, s: (
        "seg.overlap-trimmed"
        if s.seq < tcb.rcv_nxt
        else "open.ack-with-data"
        if tcb.state is State.SYN_RECEIVED
        else "ack.under-half-second"
    ),
    "E4": "seg.out-of-order-held",
    "E5": "close.fin-out-of-order",
    "E6": lambda tcb, s: (
        "open.ack-with-fin"
        if tcb.state is State.SYN_RECEIVED
        else "close.fin-with-data"
        if s.length
        else "close.fin-acked"
    ),
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
    "T1": _newer_syn,
    "T9": "timewait.syn-old-refused",
    "T11": "timewait.rst",
    "T12": "timewait.fin-reacked",
    "T16": "seg.pure-ack-silent",
    "T18": "timewait.data-ignored",
}
"""Row -> the rule it shows, or what tells which, in the order of ``ROWS``."""
