"""Seventh and eighth step of RFC 9293 section 3.10.7.4: the segment text and the FIN, after the ACK field was taken."""

from __future__ import annotations

from collections.abc import Iterable

from probe.spec.reaction import Reaction, Reactions, covering_ack, pure_ack, react, reset_of
from probe.spec.records import replace
from probe.spec.segment import FIN, Segment
from probe.spec.seq import Seq, later
from probe.spec.states import FIN_SENT, State
from probe.spec.tcb import Held, Tcb


def text_and_fin(row: str, before: Tcb, after: Tcb, segment: Segment) -> Reactions:
    """Reactions to text and FIN. ``before`` names the rule, ``after`` is the block with the ACK field taken.

    ``row`` is what the segment shows when it carries neither.
    """
    if after.fin_received:
        return _after_fin(row, before, after, segment)
    ready = after
    if after.state is not State.SYN_RECEIVED and before.state is State.SYN_RECEIVED:
        # What came on the SYN is processed once ESTABLISHED (3.5, 3.10.7.3 fourth).
        taken, fin = _filled(after, after.rcv_nxt, False)
        ready = _fin_taken(taken) if fin else taken
    if ready.fin_received or (not segment.length and not segment.flags & FIN):
        reply = covering_ack(ready) if ready.rcv_nxt != after.rcv_nxt else None
        plain = react(row, before, segment, reply, ready)
        return (plain, *_dropped(row, before, ready, segment, (True,))) if segment.seq > after.rcv_nxt else (plain,)
    start, end, fin = trimmed(ready, segment)
    if start <= ready.rcv_nxt:
        return _in_order(before, ready, segment, end, fin)
    # Rows E4, E5: hold it (SHLD-31); acknowledge RCV.NXT at once (MAY-13, RFC 5681) or stay silent.
    row = "E5" if fin else "E4"
    kept = replace(ready, held=_merged(ready.held, (start, end, fin)))
    out = [react(row, before, segment, reply, kept) for reply in (pure_ack(kept), None)]
    out += _dropped(row, before, ready, segment, (True, False)) if kept != ready else ()
    if ready.state in (State.FIN_WAIT_1, State.FIN_WAIT_2):  # a FIN behind a gap tells of text as well
        out.append(_refused_after_close(_text_after_close(before), before, ready, segment))
    return tuple(out)


def _dropped(row: str, before: Tcb, after: Tcb, segment: Segment, answers: Iterable[bool]) -> Reactions:
    """Out of order and not held, against SHLD-31. It ``answers``: with an ACK, as RFC 5681 section 4.2 has it."""
    drops = [react(row, before, segment, pure_ack(after) if one else None, after) for one in answers]
    return tuple(replace(r, against="seg.out-of-order-held") for r in drops)


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
    if fin:
        taken = replace(_fin_taken(taken), close_waits=_waiting(after))
        row = {State.CLOSE_WAIT: "E6", State.CLOSING: "W4"}.get(taken.state) or (
            "W5" if before.state is State.FIN_WAIT_1 else "V4"
        )
    elif after.state in (State.FIN_WAIT_1, State.FIN_WAIT_2):
        row = _text_after_close(before)
    out = [react(row, before, segment, covering_ack(taken), taken)]
    if segment.length and after.state in (State.FIN_WAIT_1, State.FIN_WAIT_2):
        out.append(_refused_after_close(_text_after_close(before), before, after, segment))
    return tuple(out)


def _text_after_close(before: Tcb) -> str:
    return "W3" if before.state is State.FIN_WAIT_1 else "V3"


def _fin_taken(tcb: Tcb) -> Tcb:
    """Eighth step: RCV.NXT over the FIN, and the state that follows."""
    state = {State.ESTABLISHED: State.CLOSE_WAIT, State.FIN_WAIT_1: State.CLOSING}.get(tcb.state, State.TIME_WAIT)
    return replace(tcb.advanced(tcb.rcv_nxt + 1), state=state, fin_received=True)


def _waiting(tcb: Tcb) -> Seq | None:
    """What a FIN lies beyond whose CLOSE the end of ESTABLISHED may find queued (section 3.10.4); None: it finds none.

    It waits behind text that waits, as that does behind text in flight (3.7.4), or where the window is full (3.8.6).
    """
    if tcb.state is not State.ESTABLISHED:
        return None
    in_flight = tcb.snd_nxt.ahead_of(tcb.snd_una)
    if in_flight >= tcb.snd_wnd:
        return tcb.snd_nxt - 1
    return tcb.snd_nxt if in_flight else None


def _filled(tcb: Tcb, end: Seq, fin: bool) -> tuple[Tcb, bool]:
    """RCV.NXT past the accepted text and past what was held behind it."""
    (_, end, fin), *beyond = _merged(tcb.held, (tcb.rcv_nxt, end, fin))
    return replace(tcb.advanced(end), held=() if fin else tuple(beyond)), fin


def _refused_after_close(row: str, before: Tcb, after: Tcb, segment: Segment) -> Reaction:
    """Half-duplex close (MAY-1): new text after the user's CLOSE may draw a RST (SHLD-3). TIME-WAIT stays (MUST-13)."""
    reply = reset_of(after, segment, segment.ack)
    return react(row, before, segment, reply, after if before.state is State.TIME_WAIT else after.gone())


def _merged(held: tuple[Held, ...], part: Held) -> tuple[Held, ...]:
    """The held parts with one more, touching ones joined, in order from the left; a FIN stays only at the end."""
    first, last, fin = part
    rest: list[Held] = []
    for other in held:
        if first <= other[1] and other[0] <= last:
            end = later(other[1], last)
            fin = (fin and last == end) or (other[2] and other[1] == end)
            first, last = (other[0] if other[0] < first else first), end
        else:
            rest.append(other)
    return tuple(sorted([*rest, (first, last, fin)], key=lambda held: held[0] - first))


def _after_fin(row: str, before: Tcb, after: Tcb, segment: Segment) -> Reactions:
    """After the other end's FIN: of what lies in the window the text is ignored, and so is another FIN.

    Either draws silence or an ACK that does not move. The steps of LAST-ACK let both come that far: the fifth neither
    ignores nor returns where the ACK does not cover the FIN.
    """
    start, end, fin = trimmed(after, segment)
    text, gap = start != end, start != after.rcv_nxt
    if not text and not fin:
        return (react(row, before, segment, None, after),)
    shown = "T18" if before.state is State.TIME_WAIT else ("K3" if text else "K4")
    out = [react(shown, before, segment, None, after), react(shown, before, segment, pure_ack(after), after)]
    if fin and not gap:
        # Read literally, the eighth step moves RCV.NXT over a second FIN: not a thing to judge (row K4).
        moved = after.advanced(after.rcv_nxt + 1)
        out.append(react(shown, before, segment, pure_ack(moved), moved))
    if before.state in FIN_SENT and (text or gap):
        out.append(_refused_after_close(shown, before, after, segment))
    return tuple(out)


def queued(block: Tcb, syn: Segment) -> tuple[Tcb, ...]:
    """``block`` after its SYN with what else came on it left out, or queued in part or whole (3.10.7.2, 3.10.7.3).

    There processing "of SYN and ACK should not be repeated", so that a queued FIN needs no ACK bit.
    """
    first, end, fin = syn.seq + 1, syn.seq + 1 + syn.length, bool(syn.flags & FIN)
    parts = dict.fromkeys(part for part in ((first, end, False), (first, end, fin)) if part != (first, first, False))
    return (block, *(replace(block, held=(part,)) for part in parts))
