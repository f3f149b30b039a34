"""Puts a name to a departure: which rule a segment (or a silence) breaks that no permitted history explains.

The oracle only knows that no history leads here. So the suspects are tried in turn, the surest first: a segment that
had to be dropped and was not; a silent one that was passed over; a reply that is owed and came wrong; and last what
the stray segment itself is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from probe.engine.belief.events import Seen
from probe.engine.belief.hypothesis import Due, Excuse, Hypothesis
from probe.engine.belief.numbers import segment_of
from probe.engine.belief.tracker import Belief, Terms
from probe.engine.belief.watch import Watch
from probe.spec.arrives import arrives
from probe.spec.calls import ABORTABLE
from probe.spec.models import PEER_ISN, TESTER_ISN
from probe.spec.reaction import Reply, permitted, unadvised
from probe.spec.rows import SURVIVED
from probe.spec.segment import ACK, FIN, RST, SYN, Segment
from probe.spec.states import FIN_SENT, SYNCHRONIZED, State
from probe.spec.tcb import Tcb

_PROMPT = "ack.under-half-second"
"""The rule of the ACK of text: it is about when, and names no number that is wrong."""
UNEXPLAINED = "conn.unexplained"
"""The rule left by what no other tells."""
_DROPS = {"R1", "R7", "F3", "F7", "K3", "K4", "T18", "Z1"}
"""Rows of segments that get dropped, or may be, in states where a connection is."""


@dataclass(frozen=True, slots=True)
class Blame:
    """A broken rule: ``index`` is the event of the segment that was reacted to (-1: none), ``row`` what it met.

    ``owed`` are the replies any of which was due, in canonical numbers; ``state`` is the one that was due where it is
    not the reply that tells, and ``given`` are the replies then due, which came. ``instead``: a RST came where the rule
    is about something that was waited for, as if nothing had. ``plain``: the rule of the row, where the scenario's own
    name stands in its place.
    """

    rule: str
    index: int
    row: str = ""
    owed: tuple[Reply, ...] = ()
    state: str = ""
    given: tuple[Reply, ...] = ()
    instead: bool = False
    plain: str = ""

    @property
    def due(self) -> str:
        """What was due, for people."""
        due = self.owed or self.given
        replies = " or ".join(dict.fromkeys(reply.text(PEER_ISN, TESTER_ISN) for reply in due))
        return ", and ".join(filter(None, (replies or "no answer" * bool(self.state), self.state))) or "nothing"


def for_silence(watch: Watch) -> Blame:
    """A wait ended while every history still owed something: name what the most advanced ones owe."""
    owing = [h for h in _advanced(watch.memory.closure(watch.before, watch.terms)) if h.due or h.owed]
    if not owing:
        return Blame(UNEXPLAINED, -1)
    due = _owed(min(owing, key=lambda h: _owed(h).index))
    return Blame(due.reaction.rule, due.index, due.reaction.row, _replies(owing, due.index))


def for_segment(watch: Watch, event: Seen) -> Blame:
    """A segment came that nothing explains: name the rule it departs from."""
    segment = watch.numbers.canonical(event.segment, event.to_peer)
    everything = watch.memory.closure(watch.before, watch.terms)
    if silent := _disturbed(everything, watch, segment) or _passed_over(everything, watch, segment):
        return silent
    histories = _advanced(everything)
    if owing := [h for h in histories if h.due]:
        return _instead_of(owing, segment)
    last = next((h.processed for h in histories if h.processed), (-1, "", UNEXPLAINED))
    owed = next((h.owed for h in histories if h.owed), None)
    due = () if owed is None else (owed.reply,)
    answered = last[0] >= 0 and _answered(watch, last[0])
    if answered and (taken := _taken_all_the_same(histories, watch, segment)):
        return taken
    states = {h.tcb.state for h in histories}
    number = _by_number(watch, segment)
    special = _by_kind(histories, states, segment, number)
    if not special and segment.has(SYN | ACK) and not _is_syn(watch, last[0]):
        special = "isn.stable-while-pending"  # nothing asked for another
    stray = not special and states & SYNCHRONIZED and (owed is None or owed.reaction.rule == _PROMPT)
    if stray and number is not None:
        most = f"{number.field} {number.most} at most"
        return Blame(
            number.id, *last[:2], due, state=most, given=_given(watch, last[0]) if answered and not due else ()
        )
    if special == "close.passive-fin" and owed is not None and owed.reaction.rule == "close.fin-acked":
        special = "close.merged-fin"  # the FIN came where the ACK was due
    if not special and owed is not None:
        return Blame(owed.reaction.rule, owed.index, owed.reaction.row, due)
    if not special and answered:  # it had its answer: this is another
        return Blame(UNEXPLAINED, last[0], last[1], state="nothing more", given=_given(watch, last[0]))
    return Blame(special or last[2], last[0], last[1], due)


def _advanced(histories: Belief) -> list[Hypothesis]:
    """The histories that processed most of what was under way, owing ones first (a stable order for the reports)."""
    fewest = min((len(h.inflight) for h in histories), default=0)
    chosen = [h for h in histories if len(h.inflight) == fewest or h.due]
    return sorted(chosen, key=lambda h: (h.due is None, len(h.inflight), h.in_order))


def _owed(h: Hypothesis) -> Due:
    found = h.due or h.owed
    assert found is not None
    return found


def _replies(owing: list[Hypothesis], index: int) -> tuple[Reply, ...]:
    """Every reply that is owed to the segment of event ``index``."""
    replies = {_owed(h).reply for h in owing if _owed(h).index == index}
    return tuple(sorted(replies, key=lambda reply: reply.text(PEER_ISN, TESTER_ISN)))


def _answered(watch: Watch, index: int) -> bool:
    """Whether something that came is taken for the answer to the segment of event ``index``."""
    return any(answer.index == index for point in watch.points[index + 2 :] for answer in point.answers)


# -- segments that had to leave no trace -------------------------------------------------------------------------------


def _disturbed(everything: Belief, watch: Watch, segment: Segment) -> Blame | None:
    """A segment that must be dropped was answered, or changed what the answer to a later one shows changed."""
    waiting = [h for h in everything if h.inflight and h.due is None and h.owed is None]
    for h in sorted(waiting, key=lambda h: (-len(h.inflight), h.in_order)):
        (index, odd), rest = h.inflight[0], h.inflight[1:]
        if not _dropped(h, odd, watch.terms):
            continue
        # Of two segments that are both dropped the first is blamed, unless it is the other whose numbers came back.
        to_blame = all(_dropped(h, other, watch.terms) for _, other in rest)
        if to_blame:
            index, odd = next((one for one in h.inflight if _refused(h.tcb, one[1], segment)), (index, odd))
        # A faulty end may have lost its block, or taken text and FIN.
        faulty = [_vanished(h.tcb)] + ([replace(h.tcb, rcv_nxt=odd.end)] if odd.seg_len else [])
        if to_blame or any(_explains(watch, replace(h, inflight=rest, tcb=tcb), segment) for tcb in faulty):
            usual = arrives(h.tcb, odd)[0]
            return Blame(_ended(usual.row, usual.rule, segment), index, usual.row)
    # The same where a wait lies between the segment to be dropped and the later one.
    drops = _DROPS | SURVIVED.keys() if segment.flags & RST else _DROPS
    for h in waiting:
        if h.processed is not None and h.processed[1] in drops:
            taken = replace(h.tcb, rcv_nxt=segment.ack) if segment.flags & ACK else h.tcb
            if any(_explains(watch, replace(h, tcb=tcb), segment) for tcb in (_vanished(h.tcb), taken)):
                return Blame(_ended(*h.processed[1:], segment), h.processed[0], h.processed[1])
    return None


def _refused(tcb: Tcb, odd: Segment, segment: Segment) -> bool:
    """Whether a closed port would answer so (section 3.10.7.1)."""
    replies = (r.reply for r in arrives(replace(tcb.gone(), listening=False), odd))
    return any(reply is not None and reply.matches(segment) for reply in replies)


def _ended(row: str, rule: str, segment: Segment) -> str:
    """The rule left by a segment that had to be dropped, where ``segment`` shows what it did."""
    return SURVIVED.get(row, rule) if segment.flags & RST else rule


def _taken_all_the_same(histories: list[Hypothesis], watch: Watch, segment: Segment) -> Blame | None:
    """What the last segment brought was to be dropped; it was answered so, and what came then shows it taken."""
    for h in histories:
        if h.processed is None or (sight := watch.after(h.processed[0]).last) is None:
            continue
        odd, new = segment_of(sight), h.tcb.rcv_nxt
        if not odd.seg_len or not 0 < odd.end.ahead_of(new) <= odd.seg_len:
            continue
        fin = odd.flags & FIN
        length = odd.end.ahead_of(new) - bool(fin)
        in_order = replace(odd, seq=new, ack=h.tcb.snd_nxt, flags=ACK | fin, length=length, payload=b"")
        if _explains(watch, replace(h, inflight=((h.processed[0], in_order),), due=None, owed=None), segment):
            given = _given(watch, h.processed[0])
            return Blame(h.processed[2], h.processed[0], h.processed[1], state="nothing of it taken", given=given)
    return None


def _given(watch: Watch, index: int) -> tuple[Reply, ...]:
    """The replies that were permitted to the segment of event ``index``."""
    sight = watch.after(index).last
    assert sight is not None
    blocks = {h.tcb for h in watch.memory.closure(watch.after(index - 1).belief, watch.terms) if not h.inflight}
    found = {r.reply for tcb in blocks for r in permitted(arrives(tcb, segment_of(sight)), watch.terms.profile)}
    return tuple(sorted(filter(None, found), key=lambda reply: reply.text(PEER_ISN, TESTER_ISN)))


def again(watch: Watch, index: int, segment: Segment) -> Blame | None:
    """The blame for a segment that answers that of event ``index`` once more, as who knows no such connection does.

    ``watch`` has followed what came before. None where it is no such answer, or the first.
    """
    sight = watch.after(index).last
    if sight is None or not _answered(watch, index):
        return None
    if not _explains(watch, Hypothesis(Tcb(State.CLOSED), ((index, segment_of(sight)),)), segment):
        return None
    row = next(a.row for point in watch.points[index + 2 :] for a in point.answers if a.index == index)
    return Blame(UNEXPLAINED, index, row, state="nothing more", given=_given(watch, index))


def _dropped(h: Hypothesis, segment: Segment, terms: Terms) -> bool:
    """Whether the segment is one to be dropped; a mere ACK that draws nothing is not called so."""
    found = arrives(h.tcb, segment)
    reactions = permitted(found, terms.profile) + (unadvised(found) if Excuse.ADVICE in terms.allow else ())
    mere = segment.flags == ACK and not segment.length
    return not mere and all(r.reply is None and r.next == h.tcb for r in reactions)


def _explains(watch: Watch, h: Hypothesis, segment: Segment) -> bool:
    """Whether an end of this (faulty) history would have sent the segment."""
    belief, _, _ = watch.memory.came(frozenset({h}), segment, watch.terms)
    return bool(belief)


def _vanished(tcb: Tcb) -> Tcb:
    """What is left where the block was wrongly deleted: the listener, if it was one."""
    return replace(tcb.gone(), listening=tcb.passive)


def vanished(watch: Watch) -> Belief:
    """The histories before a departure, with the block lost by something that was under way, or just before."""
    found = watch.memory.closure(watch.before, watch.terms)
    return frozenset(
        replace(h, tcb=_vanished(h.tcb), inflight=h.inflight[at:], due=None, owed=None)
        for h in found
        for at in range(len(h.inflight) + 1)
    )


def _passed_over(everything: Belief, watch: Watch, segment: Segment) -> Blame | None:
    """The segment fits an end that a silent segment left in its old state, or that lost its block by it."""
    waiting = (h for h in everything if h.inflight and h.due is None)
    for h in sorted(waiting, key=lambda h: (len(h.inflight), h.in_order)):
        (index, ignored), rest = h.inflight[0], h.inflight[1:]
        usual = arrives(h.tcb, ignored)[0]
        opening = h.tcb.state is State.SYN_SENT
        if usual.reply is not None or not rest or (usual.next.state is h.tcb.state and not opening):
            continue
        asked = rest[0][1]
        # What tells whether there is a connection, or an attempt at one: a segment below the window, or the SYN,ACK.
        alive = asked.flags & (SYN | FIN | RST | ACK) == (SYN | ACK if opening else ACK) and asked.length <= 1
        alive = alive and (opening or not asked.length or asked.seq < h.tcb.rcv_nxt)
        vanished = (_vanished(h.tcb),) if alive else ()
        taken = (replace(h.tcb, rcv_nxt=ignored.end),) if ignored.flags & RST and ignored.length else ()
        if any(_explains(watch, replace(h, inflight=rest, tcb=t), segment) for t in (h.tcb, *vanished, *taken)):
            return Blame(usual.rule, index, usual.row, state=usual.next.state.value)
    return None


# -- a reply that came wrong -------------------------------------------------------------------------------------------


def _instead_of(owing: list[Hypothesis], segment: Segment) -> Blame:
    """Something came in place of the reply owed: the oldest one, of those the one of the same kind as what came."""

    def likeness(h: Hypothesis) -> tuple[int, bool, int]:
        different = _owed(h).reply.flags ^ segment.flags
        return _owed(h).index, different & SYN != 0, different.bit_count()

    due = _owed(min(owing, key=likeness))
    rule = due.reaction.rule
    if due.reply.flags == SYN | ACK and segment.has(SYN | ACK):  # the right kind: what is wrong is a number in it
        rule = "open.synack-ack-number" if not due.reply.matches_ack(segment) else rule
        if due.reaction.row == "R2":
            rule = "open.dup-syn-in-synrcvd"
        if due.reply.above is not None and not segment.seq > due.reply.above:
            rule = "timewait.new-isn-larger"
    return Blame(rule, due.index, due.reaction.row, _replies(owing, due.index))


# -- nothing had to be answered: the segment itself says what is wrong with it -----------------------------------------


def _by_kind(histories: list[Hypothesis], states: set[State], segment: Segment, number: _Beyond | None) -> str:
    """The rule for such a segment in these states, or an empty string; ``number`` is what is wrong with one of its."""
    if segment.flags & (SYN | ACK) == SYN and states == {State.SYN_SENT}:
        return "active.syn-retransmitted-same-isn"
    if segment.flags & SYN and segment.flags & (FIN | RST):
        return UNEXPLAINED if any(h.processed for h in histories) else "active.syn-form"
    if segment.has(SYN | ACK):
        pending = states == {State.SYN_RECEIVED}
        if not any(h.tcb.iss is not None and segment.seq != h.tcb.iss for h in histories):
            again = "synack.retransmitted" if pending else "synack.stops-when-acked"
            return "open.synack-ack-number" if number is not None and number.field == "ack" else again
        return "isn.stable-while-pending" if pending else ""
    if segment.flags & RST or not histories:
        stray = bool(states & ABORTABLE) and segment.seq not in {h.tcb.snd_nxt for h in histories}
        return "rstgen.abort-seq" if stray else ""
    if not segment.flags & ACK and states != {State.CLOSED}:
        moved = states == {State.SYN_SENT} and any(h.processed for h in histories)  # by what it had to drop
        return _first_fin(states, segment) or ("" if moved else "seg.always-ack-flag")
    if states == {State.SYN_RECEIVED}:
        return "open.two-way-only" if segment.length or segment.flags & FIN else ""
    if states <= FIN_SENT and states and segment.length and segment.end > histories[0].tcb.snd_nxt:
        return "aclose.no-data-after-fin"
    if segment.length and states == {State.CLOSE_WAIT}:
        return "close.halfclose-peer-sends"
    return _fin_again(histories[0], states, segment) if segment.flags & FIN else ""


class _Beyond(NamedTuple):
    """A rule about a number, the field that holds it, and the most that may stand there, counted from the ISN."""

    id: str
    field: str
    most: int


def _by_number(watch: Watch, segment: Segment) -> _Beyond | None:
    """The rule of a segment whose number lies beyond all that passed before it; None where none does.

    The SEQ of a RST is often taken from what it answers (RFC 9293 section 3.5.2).
    """
    end = watch.index if watch.broken_at is None else watch.broken_at
    passed = [(sight[0], segment_of(sight)) for p in watch.points[1 : end + 1] if (sight := p.last) is not None]
    sent = [other.end for to_peer, other in passed if not to_peer]
    heard = [other.end for to_peer, other in passed if to_peer]
    if sent and not segment.flags & RST and all(segment.seq > end for end in sent):
        return _Beyond("seg.seq-beyond-sent", "seq", max(end.ahead_of(PEER_ISN) for end in sent))
    if segment.flags & ACK and heard and all(segment.ack > end for end in heard):
        return _Beyond("seg.ack-beyond-received", "ack", max(end.ahead_of(TESTER_ISN) for end in heard))
    return None


def _is_syn(watch: Watch, index: int) -> bool:
    """Whether the event is a SYN of the other end."""
    sight = watch.after(index).last if index >= 0 else None
    return sight is not None and bool(segment_of(sight).flags & SYN)


def _first_fin(states: set[State], segment: Segment) -> str:
    """The rule of a FIN that nothing prepared for: of an active or a passive close."""
    if not segment.flags & FIN:
        return ""
    if states == {State.CLOSE_WAIT}:
        return "close.passive-fin"
    return "aclose.fin-form" if states == {State.ESTABLISHED} else ""


def _fin_again(h: Hypothesis, states: set[State], segment: Segment) -> str:
    """The rule of a FIN where one was sent before."""
    if states <= {State.FIN_WAIT_2, State.TIME_WAIT}:
        return "aclose.fin-acked-stops"
    if states == {State.LAST_ACK}:
        return "close.lastack-fin-retransmit"
    if segment.end == h.tcb.snd_nxt and segment.ack != h.tcb.rcv_nxt:
        return ""
    if states <= {State.FIN_WAIT_1, State.CLOSING}:
        return "aclose.fin-retransmit"
    return _first_fin(states, segment)
