"""What an end may have done beyond what it must, each with its excuse: the window's edge, cookies, odd replies, order.

Only what a history still needs is asked here; which excuses there are to use is said in the tracker's ``Terms``.
"""

from __future__ import annotations

from collections.abc import Iterator

from probe.engine.belief.hypothesis import Due, Excuse, Hypothesis
from probe.spec import calls
from probe.spec.arrives import Oracle
from probe.spec.models import PEER_ISN, TESTER_ISN
from probe.spec.reaction import Reactions, permitted
from probe.spec.records import replace
from probe.spec.segment import ACK, FIN, OPENING, RST, SYN, Segment
from probe.spec.states import SENDING, SYNCHRONIZED, State
from probe.spec.tcb import Tcb


def at_the_edge(tcb: Tcb, segment: Segment, arrives: Oracle, profile: str, buffer: int) -> Reactions:
    """The window taken for wider, on the side that the segment touches; for as wide as ``buffer``, if that is wider.

    On the right a receiver may have "space available but not yet advertised" (RFC 9293 section 3.8.6.2.2): its buffer
    is estimated by the largest window it offered, as a sender does (3.8.6.2.1). On the left nothing of a segment is
    new, and it is still to be answered: but its ACK field or RST may have counted.
    """
    if tcb.state not in (State.SYN_RECEIVED, *SYNCHRONIZED):
        return ()
    last = segment.end - bool(segment.seg_len)
    if last >= tcb.rcv_nxt + tcb.rcv_wnd:
        buffer = max(buffer, tcb.max_rcv_wnd, tcb.rcv_wnd + (1 << tcb.rcv_shift) - 1)  # a scaled window is rounded down
        blocks = [replace(tcb, rcv_wnd=size) for size in sorted({tcb.rcv_wnd + 1, buffer + 1})]
        return tuple(r for b in blocks if b.acceptable(segment) for r in permitted(arrives(b, segment), profile))
    if segment.seq == tcb.rcv_nxt - 1 or (segment.seg_len and segment.end == tcb.rcv_nxt):
        # A RST may be challenged there; that it ends the connection is known where RCV.NXT-1 is the number of a FIN.
        challenged = segment.flags & RST and not (tcb.fin_received and segment.seq == tcb.rcv_nxt - 1)
        at = tcb.rcv_nxt + 1 if challenged else tcb.rcv_nxt
        bare = replace(segment, seq=at, flags=segment.flags & ~(SYN | FIN), length=0)
        both = permitted(arrives(tcb, bare), profile)
        moved = tuple(r for r in both if (r.next.state, r.next.snd_una) != (tcb.state, tcb.snd_una))
        return tuple(r for r in both if r.reply is not None) if challenged else moved
    return ()


def bare_fin(tcb: Tcb, segment: Segment) -> bool:
    """Whether it is a FIN without text at a closed window."""
    bare = segment.flags & (SYN | RST | FIN) == FIN and not segment.length
    return bare and tcb.rcv_wnd == 0 and segment.seq == tcb.rcv_nxt


def with_cookies(h: Hypothesis, arrives: Oracle) -> Iterator[Hypothesis]:
    """A listener that keeps no state: it answers any SYN, and takes any ACK that continues one of its SYN,ACKs."""
    (index, segment), rest = h.inflight[0], h.inflight[1:]
    if not h.tcb.listening or h.tcb.state not in (State.LISTEN, State.CLOSED):
        return
    if segment.flags & (SYN | ACK | RST) == SYN:
        for opened in [r for r in arrives(h.tcb, segment) if r.reply is not None][:1]:  # none for a damaged SYN
            yield replace(h, inflight=rest, due=Due(index, replace(opened, next=h.tcb))).excused(Excuse.COOKIES)
    elif segment.flags & (SYN | ACK | RST) == ACK and _a_cookie(segment):
        # The cookie is the ISS, which the ACK brings back: the block is made again from the segment alone. It has
        # timestamps only where they were agreed on (RFC 7323 section 3.2).
        block = Tcb(
            State.SYN_RECEIVED,
            listening=True,
            iss=segment.ack - 1,
            snd_una=segment.ack - 1,
            snd_nxt=segment.ack,
            irs=segment.seq - 1,
            rcv_nxt=segment.seq,
            rcv_wnd=0xFFFF,
            timestamps=segment.timestamps is not None,
            ts_recent=(segment.timestamps or (0, 0))[0],
        )
        yield from (replace(h, tcb=block).reacted(r).excused(Excuse.COOKIES) for r in arrives(block, segment))


def _a_cookie(segment: Segment) -> bool:
    """Whether Linux takes what the ACK brings back for a cookie of its own.

    That is a sum of a hash, SEG.SEQ and the number of one of four sizes (MSS): two numbers that are both as much too
    high are as good, and so is an ACK that is up to three too low.
    """
    return 0 <= (segment.seq - TESTER_ISN) - (segment.ack - PEER_ISN) <= 3


def opening(due: Due) -> bool:
    """Whether the reply decides over an attempt to open: a first SYN,ACK, or the RST that refuses a SYN."""
    return bool(due.reply.flags & SYN and due.reaction.row != "R2") or due.reaction.rule == "closed.syn-refused"


def harmless(h: Hypothesis, segment: Segment) -> bool:
    """Whether a segment that nothing asked for leaves both ends as they are: it tells what the block holds anyhow."""
    kind, tcb = segment.flags & OPENING, h.tcb
    if kind & RST:  # where a SYN is under way it would refuse that
        asked = any(s.flags & (SYN | RST) == SYN for _, s in h.inflight)
        return tcb.state in (State.CLOSED, State.LISTEN) and not kind & (SYN | FIN) and not asked
    if segment.length or kind & FIN or not kind & ACK or tcb.state not in (State.SYN_RECEIVED, *SYNCHRONIZED):
        return False
    if kind & SYN:
        return segment.seq == tcb.iss and segment.ack in (tcb.irs + 1, tcb.rcv_nxt)
    return segment.seq == tcb.snd_nxt and segment.ack == tcb.rcv_nxt


def unheard(h: Hypothesis, flags: int, *, aborts: bool) -> Iterator[Hypothesis]:
    """The end has sent what never comes, by one of these flags: its reply, or what its application asked for."""
    if h.due is not None:
        if h.due.reply.flags & flags:
            yield replace(h, due=None)
        return
    if flags & FIN and h.tcb.state in (State.ESTABLISHED, State.CLOSE_WAIT):
        yield replace(h, tcb=calls.closed(h.tcb.sent_up_to(h.tcb.snd_nxt + 1)), owed=None)
    if flags & RST and aborts and h.tcb.state in calls.ABORTABLE:
        yield replace(h, tcb=h.tcb.gone(), owed=None)


def is_ahead(h: Hypothesis, segment: Segment) -> bool:
    """Whether it starts beyond what the end was seen to send, by no more than a window."""
    sends = h.tcb.state in SENDING and h.tcb.iss is not None
    return sends and 0 < segment.seq.ahead_of(h.tcb.snd_nxt) < max(h.tcb.max_snd_wnd, 1)


def overtaking(h: Hypothesis, segment: Segment) -> Iterator[Hypothesis]:
    """What lies between was sent before it and is still to come; its last octet may be the FIN."""
    if is_ahead(h, segment):
        first = h.tcb.snd_nxt if h.gap is None else h.gap[0]
        sent = replace(h, tcb=h.tcb.sent_up_to(segment.seq), gap=(first, segment.seq)).excused(Excuse.OVERTAKEN)
        yield sent
        yield replace(sent, tcb=calls.closed(sent.tcb))


def fills_gap(h: Hypothesis, segment: Segment) -> bool:
    """Whether it is text or a FIN that others overtook, with the acknowledgment of the time when it was sent."""
    if h.gap is None or not segment.seg_len or segment.flags & (SYN | RST | ACK) != ACK:
        return False
    since = replace(segment, ack=h.tcb.rcv_nxt)
    within = h.gap[0] <= segment.seq and segment.end <= h.gap[1] and h.tcb.irs < segment.ack < h.tcb.rcv_nxt
    return within and bool(calls.emitted(h.tcb, since))


def overtaken(h: Hypothesis, segment: Segment) -> bool:
    """Whether it is a bare ACK from before what the end has sent since: it tells nothing that is not known."""
    tcb = h.tcb
    if segment.flags & OPENING != ACK or segment.length or tcb.iss is None or tcb.state not in SYNCHRONIZED:
        return False
    if h.owed is not None and h.owed.reply.matches(segment):
        return False  # what it acknowledges is news
    if segment.ack > tcb.snd_wl1 and segment.seq < tcb.snd_wl2:
        return False  # it acknowledges the segment of SND.WL1, by whose ACK field the end had sent more before
    return tcb.iss < segment.seq < tcb.snd_nxt and tcb.irs < segment.ack <= tcb.rcv_nxt
