"""Seventh and eighth step of RFC 9293 section 3.10.7.4: the segment text and the FIN, after the ACK field was taken."""

from __future__ import annotations

from dataclasses import replace

from probe.spec.reaction import Reaction, Reactions, Reply, covering_ack, pure_ack, react
from probe.spec.segment import FIN, RST, Segment
from probe.spec.seq import Seq, later
from probe.spec.states import State
from probe.spec.tcb import Held, Tcb


def text_and_fin(row: str, before: Tcb, after: Tcb, segment: Segment) -> Reactions:
    """Reactions to text and FIN. ``before`` names the rule, ``after`` is the block with the ACK field taken.

    ``row`` is what the segment shows when it carries neither.
    """
    if after.fin_received:
        return _after_fin(row, before, after, segment)
    ready = after
    if before.state is State.SYN_RECEIVED:  # text that came on the SYN is delivered once ESTABLISHED (section 3.5)
        end = next((held[1] for held in after.held if held[0] <= after.rcv_nxt < held[1]), after.rcv_nxt)
        ready = replace(after.advanced(end), held=())
    if not segment.length and not segment.flags & FIN:
        reply = covering_ack(ready) if ready.rcv_nxt != after.rcv_nxt else None
        return (react(row, before, segment, reply, ready),)
    start, end, fin = trimmed(ready, segment)
    if start <= ready.rcv_nxt:
        return _in_order(before, ready, segment, end, fin)
    # Rows E4, E5: hold it (SHLD-31) or not, acknowledge RCV.NXT at once (MAY-13, RFC 5681) or stay silent.
    row = "E5" if fin else "E4"
    kept = replace(ready, held=_merged(ready.held, (start, end, fin)))
    blocks = (kept,) if kept == ready else (kept, ready)
    out = [react(row, before, segment, pure_ack(block), block) for block in blocks]
    out += [react(row, before, segment, None, block) for block in blocks]
    if ready.state in (State.FIN_WAIT_1, State.FIN_WAIT_2):  # a FIN behind a gap tells of text as well
        out.append(_refused_after_close(before, ready, segment))
    return tuple(out)


def trimmed(tcb: Tcb, segment: Segment) -> Held:
    """The part inside the window: first number, number after the text, whether the FIN lies inside (3.10.7.4 first)."""
    start = later(segment.seq, tcb.rcv_nxt)
    edge = tcb.rcv_nxt + tcb.rcv_wnd
    text_end = segment.seq + segment.length
    if text_end > edge:
        return start, edge, False
    fin = bool(segment.flags & FIN) and text_end >= tcb.rcv_nxt and text_end < edge
    return start, later(text_end, start), fin


def _in_order(before: Tcb, after: Tcb, segment: Segment, end: Seq, fin: bool) -> Reactions:
    taken, fin = _filled(after, end, fin)
    row = "E3"
    if fin:  # eighth step: RCV.NXT over the FIN, and the state that follows
        row, state = {
            State.ESTABLISHED: ("E6", State.CLOSE_WAIT),
            State.FIN_WAIT_1: ("W4", State.CLOSING),
            State.FIN_WAIT_2: ("W5" if before.state is State.FIN_WAIT_1 else "V4", State.TIME_WAIT),
        }[after.state]
        taken = replace(taken.advanced(taken.rcv_nxt + 1), state=state, fin_received=True)
    elif after.state in (State.FIN_WAIT_1, State.FIN_WAIT_2):
        row = "W3" if before.state is State.FIN_WAIT_1 else "V3"
    out = [react(row, before, segment, covering_ack(taken), taken)]
    if segment.length and after.state in (State.FIN_WAIT_1, State.FIN_WAIT_2):
        out.append(_refused_after_close(before, after, segment))
    return tuple(out)


def _filled(tcb: Tcb, end: Seq, fin: bool) -> tuple[Tcb, bool]:
    """RCV.NXT past the accepted text and past what was held behind it."""
    beyond: list[Held] = []
    for part in sorted(tcb.held, key=lambda held: held[0].ahead_of(tcb.rcv_nxt)):
        first, last, held_fin = part
        if first > end:
            beyond.append(part)  # another gap lies before it
        elif last >= end:
            end, fin = last, held_fin or (fin and last == end)
    return replace(tcb.advanced(end), held=() if fin else tuple(beyond)), fin


def _refused_after_close(before: Tcb, after: Tcb, segment: Segment) -> Reaction:
    """Half-duplex close (MAY-1): text after the user's full CLOSE may draw a RST (SHLD-3)."""
    row = "W3" if before.state is State.FIN_WAIT_1 else "V3"
    reply = Reply(RST, (after.snd_nxt, segment.ack), loose_ack=True)
    return react(row, before, segment, reply, after.gone())


def _merged(held: tuple[Held, ...], part: Held) -> tuple[Held, ...]:
    """The held parts with one more, touching ones joined, in order from the left."""
    first, last, fin = part
    rest: list[Held] = []
    for other in held:
        if first <= other[1] and other[0] <= last:
            fin = fin or other[2]
            first = other[0] if other[0] < first else first
            last = later(other[1], last)
        else:
            rest.append(other)
    base = first - (1 << 30)
    return tuple(sorted([*rest, (first, last, fin)], key=lambda h: h[0].ahead_of(base)))


def _after_fin(row: str, before: Tcb, after: Tcb, segment: Segment) -> Reactions:
    """CLOSE-WAIT, CLOSING, TIME-WAIT: text and another FIN are ignored; silence or an ACK that does not move."""
    if not segment.length and not segment.flags & FIN:
        return (react(row, before, segment, None, after),)
    shown = "T18" if before.state is State.TIME_WAIT else ("K3" if segment.length else "K4")
    out = [react(shown, before, segment, None, after), react(shown, before, segment, pure_ack(after), after)]
    if segment.flags & FIN and not segment.length:
        # Read literally, the eighth step moves RCV.NXT over a second FIN: not a thing to judge (row K4).
        moved = after.advanced(after.rcv_nxt + 1)
        out.append(react(shown, before, segment, pure_ack(moved), moved))
    return tuple(out)
