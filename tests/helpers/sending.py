"""What a conforming end puts on the wire for its user's calls and its timers; ``probe.spec.calls`` reads it back."""

from __future__ import annotations

from probe.spec.calls import ABORT, ABORTABLE, CLOSE, RETRANSMIT, syn_unacked
from probe.spec.records import replace
from probe.spec.segment import ACK, FIN, RST, SYN, Segment
from probe.spec.states import FIN_UNACKED, SENDING, State
from probe.spec.tcb import Tcb


def call_segment(tcb: Tcb, call: str, length: int = 0) -> Segment | None:
    """What a conforming end sends for CLOSE, ABORT, SEND or a retransmission timeout; None when nothing."""
    if call == RETRANSMIT:
        return _oldest(tcb)
    if call == ABORT:
        return Segment(tcb.snd_nxt, flags=RST) if tcb.state in ABORTABLE else None
    if tcb.state not in (SENDING | {State.SYN_RECEIVED} if call == CLOSE else SENDING):
        return None
    return _sends(tcb, FIN | ACK) if call == CLOSE else _sends(tcb, ACK, length)


def _sends(tcb: Tcb, flags: int, length: int = 0) -> Segment:
    return Segment(tcb.snd_nxt, tcb.rcv_nxt, flags, length=length, payload=bytes(length), window=_window(tcb))


def _window(tcb: Tcb) -> int:
    return min(65535, tcb.rcv_wnd >> tcb.rcv_shift)


def _oldest(tcb: Tcb) -> Segment | None:
    """The segment at the front of the retransmission queue (RFC 9293 section 3.10.8)."""
    if tcb.state is State.SYN_SENT and tcb.iss is not None:
        return Segment(tcb.iss, flags=SYN, window=_window(tcb))
    if syn_unacked(tcb) and tcb.iss is not None:
        return Segment(tcb.iss, tcb.rcv_nxt, SYN | ACK, window=_window(tcb))
    pending = tcb.snd_nxt.ahead_of(tcb.snd_una)
    if not pending:
        return None
    fin = tcb.state in FIN_UNACKED
    return replace(_sends(tcb, ACK | (FIN if fin else 0), pending - fin), seq=tcb.snd_una)
