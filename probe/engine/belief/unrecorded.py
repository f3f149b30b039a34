"""Segments a capture may lack: what the other end can have sent, and what the end itself can have sent, unrecorded.

Only what a correct end would send at that point is supposed: an acknowledgment, text, a FIN, a RST, the one SYN,ACK
that an acknowledgment answers. A record that needs any of it says so (``Hypothesis.excuses``).
"""

from __future__ import annotations

from collections.abc import Iterator

from probe.engine.belief.hypothesis import Excuse, Hypothesis, disclosed
from probe.spec import calls
from probe.spec.arrives import Oracle
from probe.spec.models import PEER_ISN, TESTER_ISN
from probe.spec.records import replace
from probe.spec.segment import ACK, FIN, LARGEST_SHIFT, RST, SYN, WSCALE, Option, Segment
from probe.spec.states import SENDING, SYNCHRONIZED, State
from probe.spec.tcb import Tcb

WINDOW = 1 << 30
"""How far an acknowledgment may lie ahead of what was seen: the largest window there is (RFC 7323 section 2.3)."""
UNKNOWN_SCALE = (Option(WSCALE, bytes([LARGEST_SHIFT])),)
"""A SYN that was not recorded, or not whole, may scale windows by anything; the largest refuses nothing wrongly."""


def before_processing(h: Hypothesis) -> Iterator[Hypothesis]:
    """What the end itself may have sent unrecorded, when the next segment for it acknowledges more than was seen."""
    if not h.inflight or not h.inflight[0][1].flags & ACK:
        return
    ack = h.inflight[0][1].ack
    if h.due is not None and h.tcb.iss is None:
        syn_ack = Segment(ack - 1, h.tcb.rcv_nxt, SYN | ACK, 0xFFFF, options=UNKNOWN_SCALE)
        yield replace(h, tcb=disclosed(h.tcb, syn_ack), due=None).excused(Excuse.UNRECORDED)
    elif h.due is None and h.tcb.state in SENDING and 0 < ack.ahead_of(h.tcb.snd_nxt) <= WINDOW:
        sent = replace(h, tcb=h.tcb.sent_up_to(ack)).excused(Excuse.UNRECORDED)
        yield sent
        yield replace(sent, tcb=calls.closed(sent.tcb))


def before_sending(h: Hypothesis, segment: Segment, arrives: Oracle) -> Iterator[Hypothesis]:
    """What may have reached the end unrecorded before it sent ``segment``."""
    if h.due is not None:
        if h.tcb.iss is None and segment.flags & (SYN | RST | ACK) == ACK:
            # The end's SYN,ACK and what it sent before the segment were not recorded.
            iss = min(PEER_ISN, segment.seq - 1)
            syn_ack = Segment(iss, h.tcb.rcv_nxt, SYN | ACK, 0xFFFF, options=UNKNOWN_SCALE)
            tcb = disclosed(h.tcb, syn_ack).sent_up_to(segment.seq)
            yield from before_sending(replace(h, tcb=tcb, due=None).excused(Excuse.UNRECORDED), segment, arrives)
        return
    yield from _told(h, segment, arrives)
    if segment.flags & RST and h.tcb.state is not State.CLOSED:
        gone = replace(h, tcb=h.tcb.gone(), owed=None).excused(Excuse.UNRECORDED)
        yield gone
        yield from _told(gone, segment, arrives)


def _told(h: Hypothesis, segment: Segment, arrives: Oracle) -> Iterator[Hypothesis]:
    """One unrecorded segment was processed first."""
    for unrecorded in _toward(h.tcb, segment):
        for reaction in arrives(h.tcb, unrecorded):
            after = replace(h, inflight=((-1, unrecorded), *h.inflight)).reacted(reaction).excused(Excuse.UNRECORDED)
            yield after
            if after.due is not None or after.owed is not None:
                yield replace(after, due=None, owed=h.owed)  # its answer was not recorded either


def _toward(tcb: Tcb, segment: Segment) -> Iterator[Segment]:
    """Segments of the other end that fit the block and lead to what ``segment`` acknowledges."""
    if tcb.state in (State.CLOSED, State.LISTEN):
        # What an end without a connection answers with this RST (RFC 9293 section 3.10.7.1).
        if segment.flags & RST and (segment.seq != 0 or not segment.flags & ACK):
            yield Segment(TESTER_ISN, segment.seq, ACK, 0xFFFF)
        elif segment.flags & RST and segment.ack == TESTER_ISN + 1:
            yield Segment(TESTER_ISN, flags=SYN, window=0xFFFF)
        return
    if tcb.state is State.SYN_SENT:
        if segment.flags & (SYN | ACK) == ACK:  # text on the SYN may have been taken, or not
            for ack in dict.fromkeys((tcb.snd_nxt, tcb.snd_una + 1)):
                yield Segment(segment.ack - 1, ack, SYN | ACK, 0xFFFF, options=UNKNOWN_SCALE)
        elif segment.flags & RST:
            yield Segment(TESTER_ISN, tcb.snd_nxt, SYN | ACK, 0xFFFF, options=UNKNOWN_SCALE)
        return
    if tcb.state is not State.SYN_RECEIVED and tcb.state not in SYNCHRONIZED:
        return
    for ack in dict.fromkeys((tcb.snd_nxt, tcb.snd_una)):
        yield Segment(tcb.rcv_nxt, ack, ACK, 0xFFFF)
        ahead = segment.ack.ahead_of(tcb.rcv_nxt) if segment.flags & ACK else 0
        if 0 < ahead <= WINDOW:
            yield Segment(tcb.rcv_nxt, ack, ACK, 0xFFFF, length=ahead)
            yield Segment(tcb.rcv_nxt, ack, ACK | FIN, 0xFFFF, length=ahead - 1)
