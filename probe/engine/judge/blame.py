"""Puts a name to a departure: which rule a segment (or a silence) breaks that no permitted history explains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from probe.engine.belief.events import Seen
from probe.engine.belief.hypothesis import Due, Hypothesis
from probe.engine.belief.tracker import Belief, Terms
from probe.engine.belief.watch import Watch
from probe.spec.arrives import arrives
from probe.spec.calls import ABORTABLE
from probe.spec.models import PEER_ISN, TESTER_ISN
from probe.spec.reaction import permitted
from probe.spec.segment import ACK, FIN, RST, SYN, Segment
from probe.spec.states import FIN_SENT, State
from probe.spec.tcb import Tcb


@dataclass(frozen=True, slots=True)
class Blame:
    """A broken rule: ``index`` is the event of the segment that was reacted to (-1: none), ``owed`` the reply.

    ``owed`` is empty where none was.
    """

    rule: str
    index: int
    owed: str

    @property
    def due(self) -> str:
        """What was due, for people."""
        return self.owed or "nothing"


def for_silence(watch: Watch) -> Blame:
    """A wait ended while every history still owed something: name what the most advanced ones owe."""
    owing = [h for h in _advanced(watch.memory.closure(watch.before, watch.terms)) if h.due or h.owed]
    first = min(owing, key=lambda h: _owed(h).index, default=None)
    if first is None:
        return Blame("conn.unexplained", -1, "an answer")
    due = _owed(first)
    texts = {_owed(h).reply.text(PEER_ISN, TESTER_ISN) for h in owing if _owed(h).index == due.index}
    return Blame(due.reaction.rule, due.index, " or ".join(sorted(texts)))


def for_segment(watch: Watch, event: Seen) -> Blame:
    """A segment came that nothing explains: name the rule it departs from."""
    segment = watch.numbers.canonical(event.segment, event.to_peer)
    everything = watch.memory.closure(watch.before, watch.terms)
    for suspect in (_disturbed, _passed_over):
        found = suspect(everything, watch, segment)
        if found is not None:
            return found
    histories = _advanced(everything)
    owing = [h for h in histories if h.due]
    if owing:
        return _instead_of(sorted(owing, key=lambda h: _likeness(h, segment)), segment)
    return _out_of_the_blue(histories, segment)


def _disturbed(everything: Belief, watch: Watch, segment: Segment) -> Blame | None:
    """A segment that must be dropped was answered, or changed what the answer to a later one shows changed."""
    waiting = [h for h in everything if h.inflight and h.due is None and h.owed is None]
    for h in sorted(waiting, key=lambda h: (-len(h.inflight), repr(h.processed))):
        (index, odd), rest = h.inflight[0], h.inflight[1:]
        if not _dropped(h, odd, watch.terms):
            continue
        rule = arrives(h.tcb, odd)[0].rule
        if all(_dropped(h, other, watch.terms) for _, other in rest):
            return Blame(rule, index, "")
        faulty = (replace(h, inflight=rest, tcb=tcb) for tcb in _changed(h.tcb, odd))
        if any(_explains(watch, one, segment) for one in faulty):
            return Blame(rule, index, "")
    return _disturbed_before(waiting, watch, segment)


def _disturbed_before(waiting: list[Hypothesis], watch: Watch, segment: Segment) -> Blame | None:
    """The same where a wait lies between the segment to be dropped and the later one."""
    for h in (h for h in waiting if h.processed is not None and h.processed[1] in _DROPS):
        taken = replace(h.tcb, rcv_nxt=segment.ack) if segment.flags & ACK else h.tcb
        faulty = (replace(h, tcb=tcb) for tcb in (replace(h.tcb.gone(), listening=h.tcb.passive), taken))
        if h.processed is not None and any(_explains(watch, one, segment) for one in faulty):
            return Blame(h.processed[2], h.processed[0], "")
    return None


def _explains(watch: Watch, h: Hypothesis, segment: Segment) -> bool:
    """Whether an end of this (faulty) history would have sent the segment."""
    belief, _ = watch.memory.came(frozenset({h}), segment, watch.terms)
    return bool(belief)


_DROPS = {"R1", "R7", "F3", "F7", "Z1"}
"""Rows of segments that only get dropped, in states where a connection is."""


def _dropped(h: Hypothesis, segment: Segment, terms: Terms) -> bool:
    """Whether the segment is one to be dropped; a mere ACK that draws nothing is not called so."""
    reactions = permitted(arrives(h.tcb, segment), terms.profile)
    mere = segment.flags == ACK and not segment.length
    return not mere and all(r.reply is None and r.next == h.tcb for r in reactions)


def _changed(tcb: Tcb, odd: Segment) -> Iterator[Tcb]:
    """What a faulty end may have made of a segment that is to be dropped: lost its block, or taken text and FIN."""
    yield replace(tcb.gone(), listening=tcb.passive)
    if odd.seg_len:
        yield replace(tcb, rcv_nxt=odd.end)


def _passed_over(everything: Belief, watch: Watch, segment: Segment) -> Blame | None:
    """The segment fits an end that a silent segment left in its old state, or that lost its block by it."""
    for h in sorted((h for h in everything if h.inflight and h.due is None), key=lambda h: len(h.inflight)):
        (index, ignored), rest = h.inflight[0], h.inflight[1:]
        usual = arrives(h.tcb, ignored)[0]
        opening = h.tcb.state is State.SYN_SENT
        if usual.reply is not None or not rest or (usual.next.state is h.tcb.state and not opening):
            continue
        asked = rest[0][1]
        # What tells whether there is a connection, or an attempt at one: an empty ACK, or the SYN,ACK.
        alive = asked.flags == (SYN | ACK if opening else ACK) and asked.length == 0
        vanished = (replace(h.tcb.gone(), listening=h.tcb.passive),) if alive else ()
        taken = (replace(h.tcb, rcv_nxt=ignored.end),) if ignored.flags & RST and ignored.length else ()
        faulty = (replace(h, inflight=rest, tcb=tcb) for tcb in (h.tcb, *vanished, *taken))
        if any(_explains(watch, one, segment) for one in faulty):
            return Blame(usual.rule, index, f"no answer, and {usual.next.state.value}")
    return None


def _likeness(h: Hypothesis, segment: Segment) -> tuple[int, bool, int]:
    """Sorts the answers owed: the oldest first, of those the one of the same kind as what came."""
    due = _owed(h)
    return due.index, (due.reply.flags ^ segment.flags) & SYN != 0, (due.reply.flags ^ segment.flags).bit_count()


def _owed(h: Hypothesis) -> Due:
    found = h.due or h.owed
    assert found is not None
    return found


def _advanced(histories: Belief) -> list[Hypothesis]:
    """The histories that processed most of what was under way, owing ones first (a stable order for the reports)."""
    fewest = min((len(h.inflight) for h in histories), default=0)
    chosen = [h for h in histories if len(h.inflight) == fewest or h.due]
    return sorted(chosen, key=lambda h: (h.due is None, len(h.inflight), repr(h.processed)))


def _instead_of(owing: list[Hypothesis], segment: Segment) -> Blame:
    due = _owed(owing[0])
    texts = sorted({_owed(h).reply.text(PEER_ISN, TESTER_ISN) for h in owing if _owed(h).index == due.index})
    rule = due.reaction.rule
    if due.reply.flags == SYN | ACK and segment.has(SYN | ACK):
        rule = "open.synack-ack-number" if not due.reply.matches_ack(segment) else rule
        if due.reaction.row == "R2":
            rule = "open.dup-syn-in-synrcvd"
        if due.reply.above is not None and not segment.seq > due.reply.above:
            rule = "timewait.new-isn-larger"
    return Blame(rule, due.index, " or ".join(texts))


def _out_of_the_blue(histories: list[Hypothesis], segment: Segment) -> Blame:
    """Nothing had to be answered at once: the segment itself says what is wrong with it."""
    states = {h.tcb.state for h in histories}
    shown = next((h.processed for h in histories if h.processed), None)
    index = shown[0] if shown else -1
    owed = next((h.owed for h in histories if h.owed), None)
    special = _by_kind(histories, states, segment)
    if special == "close.passive-fin" and owed is not None and owed.reaction.rule == "close.fin-acked":
        special = "close.merged-fin"  # the FIN came where the ACK was due
    if special:
        return Blame(special, index, "" if owed is None else owed.reply.text(PEER_ISN, TESTER_ISN))
    if owed is not None:
        return Blame(owed.reaction.rule, owed.index, owed.reply.text(PEER_ISN, TESTER_ISN))
    return Blame(shown[2] if shown else "conn.unexplained", index, "")


def _by_kind(histories: list[Hypothesis], states: set[State], segment: Segment) -> str:
    if segment.flags & (SYN | ACK) == SYN and states == {State.SYN_SENT}:
        return "active.syn-retransmitted-same-isn"
    if segment.flags & SYN and segment.flags & (FIN | RST):
        return "conn.unexplained" if any(h.processed for h in histories) else "active.syn-form"
    if segment.has(SYN | ACK):
        return _syn_ack_again(histories, states, segment)
    if not histories:
        return ""
    if segment.flags & RST:
        stray = bool(states & ABORTABLE) and segment.seq not in {h.tcb.snd_nxt for h in histories}
        return "rstgen.abort-seq" if stray else ""
    if not segment.flags & ACK and states != {State.CLOSED}:
        return _first_fin(states, segment) or "seg.always-ack-flag"
    if states == {State.SYN_RECEIVED}:
        return "open.two-way-only" if segment.length or segment.flags & FIN else ""
    if states <= FIN_SENT and states and segment.length and segment.end > histories[0].tcb.snd_nxt:
        return "aclose.no-data-after-fin"
    if segment.length and states == {State.CLOSE_WAIT}:
        return "close.halfclose-peer-sends"
    return _fin_again(histories[0], states, segment) if segment.flags & FIN else ""


def _first_fin(states: set[State], segment: Segment) -> str:
    """The rule of a FIN that nothing prepared for: of an active or a passive close."""
    if not segment.flags & FIN:
        return ""
    if states == {State.CLOSE_WAIT}:
        return "close.passive-fin"
    return "aclose.fin-form" if states == {State.ESTABLISHED} else ""


def _syn_ack_again(histories: list[Hypothesis], states: set[State], segment: Segment) -> str:
    if any(h.tcb.iss is not None and segment.seq != h.tcb.iss for h in histories):
        return "isn.stable-while-pending" if states == {State.SYN_RECEIVED} else ""
    return "synack.retransmitted" if states == {State.SYN_RECEIVED} else "synack.stops-when-acked"


def _fin_again(h: Hypothesis, states: set[State], segment: Segment) -> str:
    if states <= {State.FIN_WAIT_2, State.TIME_WAIT}:
        return "aclose.fin-acked-stops"
    if states == {State.LAST_ACK}:
        return "close.lastack-fin-retransmit"
    if segment.end == h.tcb.snd_nxt and segment.ack != h.tcb.rcv_nxt:
        return ""
    if states <= {State.FIN_WAIT_1, State.CLOSING}:
        return "aclose.fin-retransmit"
    return _first_fin(states, segment)
