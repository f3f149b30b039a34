"""The other inputs of an end: what its user's calls and its timers put on the wire (RFC 9293 sections 3.10.1-3.10.8).

An observer does not hear the calls; it sees a segment that answers nothing. ``emitted(tcb, segment)`` tells which call
or timeout can have produced it, and the block after.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from probe.spec.segment import ACK, FIN, OPENING, RST, SYN, Segment
from probe.spec.seq import Seq
from probe.spec.states import FIN_SENT, FIN_UNACKED, SENDING, State
from probe.spec.tcb import Tcb

OPEN, SEND, CLOSE, ABORT = "OPEN", "SEND", "CLOSE", "ABORT"
RETRANSMIT, UPDATE, REPEAT, KEEPALIVE = "retransmission", "window update", "unprompted ACK", "keep-alive"

ABORTABLE = frozenset({State.SYN_RECEIVED, State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2, State.CLOSE_WAIT})
"""The states whose ABORT sends a RST (RFC 9293 section 3.10.5)."""


@dataclass(frozen=True, slots=True)
class Emission:
    """A segment explained by a call or a timer: which, and the block after."""

    call: str
    next: Tcb
    clause: str


def emitted(tcb: Tcb, segment: Segment) -> tuple[Emission, ...]:
    """Every call or timeout that explains ``segment`` leaving an end in ``tcb``; empty when none does."""
    kind = segment.flags & OPENING
    if kind == SYN:
        if tcb.state is State.SYN_SENT and segment.seq == tcb.iss:
            return (Emission(RETRANSMIT, tcb, "RFC 9293 3.10.8"),)
        idle = tcb.state in (State.CLOSED, State.LISTEN)
        return (Emission(OPEN, opened(tcb, segment), "RFC 9293 3.10.1"),) if idle else ()
    if kind == SYN | ACK:
        again = syn_unacked(tcb) and segment.seq == tcb.iss and segment.ack == tcb.rcv_nxt
        return (Emission(RETRANSMIT, tcb, "RFC 9293 3.10.8"),) if again else ()
    if kind & RST:  # <SEQ=SND.NXT><CTL=RST>, the ACK flag optional
        current = segment.seq == tcb.snd_nxt and (not kind & ACK or segment.ack == tcb.rcv_nxt)
        aborted = tcb.state in ABORTABLE and not kind & (SYN | FIN) and current
        return (Emission(ABORT, tcb.gone(), "RFC 9293 3.10.5"),) if aborted else ()
    if kind & SYN or not kind & ACK or segment.ack != tcb.rcv_nxt:
        return ()  # every other segment carries a current acknowledgment (RFC 9293 section 3.8)
    if tcb.state in (State.CLOSED, State.LISTEN, State.SYN_SENT) or tcb.iss is None:
        return ()
    empty = not segment.seg_len
    if empty and segment.seq == tcb.snd_nxt and tcb.state is not State.TIME_WAIT:
        # A pure ACK that nothing asked for: a window update if the window moved, otherwise it needs an excuse.
        moved = tcb.with_window_from(segment)
        return (Emission(UPDATE if moved.rcv_wnd != tcb.rcv_wnd else REPEAT, moved, "RFC 9293 3.8.6"),)
    if empty or not _queued(tcb, segment) <= segment.seq <= tcb.snd_nxt:
        # A keep-alive has SEG.SEQ = SND.NXT-1 and at most one garbage octet.
        probing = tcb.state not in (State.SYN_RECEIVED, State.TIME_WAIT) and segment.seq == tcb.snd_nxt - 1
        alive = probing and segment.length <= 1 and not kind & FIN
        return (Emission(KEEPALIVE, tcb, "RFC 9293 3.8.4"),) if alive else ()
    return _again(tcb, segment) or _fresh(tcb, segment)


def opened(tcb: Tcb, syn: Segment) -> Tcb:
    """The block after an active OPEN sent ``syn`` (RFC 9293 section 3.10.1)."""
    stamps = syn.timestamps
    return replace(
        Tcb(State.SYN_SENT, passive=False, listening=tcb.listening),
        iss=syn.seq,
        snd_una=syn.seq,
        snd_nxt=syn.seq + 1 + syn.length,
        rcv_wnd=syn.window,
        offer_scale=syn.window_scale,
        offer_timestamps=stamps is not None,
    )


def syn_unacked(tcb: Tcb) -> bool:
    """Whether the SYN,ACK is on the retransmission queue: a CLOSE in SYN-RECEIVED leaves it there (section 3.10.4)."""
    waiting = tcb.state in (State.SYN_RECEIVED, State.FIN_WAIT_1, State.CLOSING)
    return waiting and tcb.iss is not None and tcb.snd_una == tcb.iss


def _queued(tcb: Tcb, segment: Segment) -> Seq:
    """Where the retransmission queue may begin: a segment stays whole on it until it is acknowledged entirely.

    So one of which only the text is acknowledged, not the FIN behind it, comes again as it was (RFC 9293 sections 3.4,
    3.10.7.4 fifth, 3.10.8). Where it began is not kept: after the SYN.
    """
    whole = tcb.iss is not None and tcb.iss < segment.seq < tcb.snd_una < segment.end
    return segment.seq if whole else tcb.snd_una


def _again(tcb: Tcb, segment: Segment) -> tuple[Emission, ...]:
    """A retransmission: nothing beyond SND.NXT, and a FIN only where the FIN was."""
    if segment.end > tcb.snd_nxt or tcb.fin_acked:
        return ()
    fin_due = tcb.state in FIN_UNACKED and segment.end == tcb.snd_nxt
    text_only = not segment.flags & FIN and (tcb.state not in FIN_SENT or segment.end < tcb.snd_nxt)
    if (segment.flags & FIN and fin_due) or text_only:
        return (Emission(RETRANSMIT, tcb.with_window_from(segment), "RFC 9293 3.10.8"),)
    return ()


def _fresh(tcb: Tcb, segment: Segment) -> tuple[Emission, ...]:
    """SEND and CLOSE: new text only before the FIN, the FIN after all text (RFC 9293 sections 3.10.2, 3.10.4)."""
    may_send = tcb.state in SENDING or (tcb.state is State.SYN_RECEIVED and not segment.length)
    if not may_send or segment.seq.ahead_of(tcb.snd_una) > tcb.snd_nxt.ahead_of(tcb.snd_una):
        return ()
    after = tcb.with_window_from(segment).sent_up_to(segment.end)
    if not segment.flags & FIN:
        return (Emission(SEND, after, "RFC 9293 3.10.2"),)
    if segment.end <= tcb.snd_nxt:
        return ()
    return (Emission(CLOSE, closed(after), "RFC 9293 3.10.4"),)


def closed(tcb: Tcb) -> Tcb:
    """The block after a CLOSE whose FIN lies before SND.NXT."""
    return replace(tcb, state=State.LAST_ACK if tcb.state is State.CLOSE_WAIT else State.FIN_WAIT_1)
