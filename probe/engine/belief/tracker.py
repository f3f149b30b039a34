"""Folds what was seen into the set of states one end can be in: every permitted history is held at once.

The set narrows as evidence comes. A step depends only on the set and the segment in canonical numbers (relative to the
ISNs), so steps are remembered: the tracker is a deterministic automaton built as it is walked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from probe.engine.belief import unrecorded as unseen
from probe.engine.belief.hypothesis import (
    ABORT,
    BARE_FIN,
    COOKIES,
    EXPIRY,
    LOSS,
    REPEAT,
    UNSEEN,
    Due,
    Hypothesis,
)
from probe.scenarios.steps import Scenario
from probe.spec import calls
from probe.spec.arrives import arrives
from probe.spec.models import PEER_ISN, TESTER_ISN
from probe.spec.reaction import permitted
from probe.spec.segment import ACK, FIN, RST, SYN, Segment
from probe.spec.seq import HALF
from probe.spec.states import SENDING, State
from probe.spec.tcb import Tcb

Belief = frozenset[Hypothesis]
NOBODY: Belief = frozenset()

LISTENING: Belief = frozenset({Hypothesis(Tcb(State.LISTEN, listening=True))})
CLOSED: Belief = frozenset({Hypothesis(Tcb(State.CLOSED))})
UNKNOWN_PORT: Belief = LISTENING | CLOSED

_FEW = 400
"""More permitted histories than this are not followed one by one; real exchanges stay below forty."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a segment of the end was: a reply (to event ``index``, by ``row`` and ``rule``) or a call of its user."""

    index: int
    row: str
    rule: str
    call: str = ""


@dataclass(frozen=True, slots=True)
class Stepped:
    """The belief after one event, and what the event was taken for by the histories that survive."""

    belief: Belief
    answers: frozenset[Answer] = frozenset()


@dataclass(frozen=True, slots=True)
class Terms:
    """What the tracker may take for granted: the profile and the excuses a history may use."""

    profile: str = "rfc9293"
    allow: frozenset[str] = frozenset()


USUAL = Terms()
"""RFC 9293, and no excuse."""
EXPIRING = frozenset({State.TIME_WAIT, State.LAST_ACK})
"""The states that a timer of the peer ends without a word: 2MSL, or R2 for the FIN (RFC 9293 section 3.10.8)."""


def allowed(scenario: Scenario) -> frozenset[str]:
    """The excuses that an exchange grants from the start."""
    excuses = {ABORT: scenario.aborts, EXPIRY: scenario.expires, BARE_FIN: scenario.fills}
    return frozenset(excuse for excuse, granted in excuses.items() if granted)


@lru_cache(maxsize=1 << 16)
def toward(belief: Belief, index: int, segment: Segment) -> Belief:
    """A segment left for the end."""
    return frozenset(h.toward(index, segment) for h in belief)


@lru_cache(maxsize=1 << 16)
def closure(belief: Belief, terms: Terms) -> Belief:
    """Every history reachable by processing (or, if allowed, losing) what is under way."""
    found = set(belief)
    todo = list(belief)
    while todo and len(found) < _FEW:
        for successor in _successors(todo.pop(), terms):
            if successor not in found:
                found.add(successor)
                todo.append(successor)
    return frozenset(found)


def _successors(h: Hypothesis, terms: Terms) -> Iterator[Hypothesis]:
    if LOSS in terms.allow:
        yield from _with_loss(h)
    if UNSEEN in terms.allow:
        yield from unseen.before_processing(h)
    if not h.inflight or h.due is not None:
        return  # replies leave in the order of the segments that asked for them
    if COOKIES in terms.allow:
        taken = list(_with_cookies(h))
        yield from taken
        if taken and COOKIES in h.excuses:
            return  # who answers SYNs with cookies knows its own: it does not refuse one ACK and take the next
    if EXPIRY in terms.allow and h.tcb.state in EXPIRING:
        yield replace(h, tcb=h.tcb.gone()).excused(EXPIRY)
    segment = h.inflight[0][1]
    for reaction in permitted(arrives(h.tcb, segment), terms.profile):
        yield h.reacted(reaction)
    if BARE_FIN in terms.allow and h.tcb.rcv_wnd == 0 and segment.seq == h.tcb.rcv_nxt and _is_bare_fin(segment):
        roomy = replace(h, tcb=replace(h.tcb, rcv_wnd=1)).excused(BARE_FIN)
        for reaction in permitted(arrives(roomy.tcb, segment), terms.profile):
            yield roomy.reacted(reaction)


def _is_bare_fin(segment: Segment) -> bool:
    return segment.flags & (SYN | RST | FIN) == FIN and not segment.length


def _with_cookies(h: Hypothesis) -> Iterator[Hypothesis]:
    """A listener that keeps no state: it answers any SYN, and takes any ACK that continues one of its SYN,ACKs."""
    (index, segment), rest = h.inflight[0], h.inflight[1:]
    listener = h.tcb.listening and h.tcb.state in (State.LISTEN, State.CLOSED)
    if not listener:
        return
    if segment.flags & (SYN | ACK | RST) == SYN:
        for opened in [r for r in arrives(h.tcb, segment) if r.reply is not None][:1]:  # none for a damaged SYN
            yield replace(h, inflight=rest, due=Due(index, replace(opened, next=h.tcb))).excused(COOKIES)
    elif segment.flags & (SYN | ACK | RST) == ACK and segment.seq == TESTER_ISN + 1 and segment.ack == PEER_ISN + 1:
        block = Tcb(
            State.SYN_RECEIVED,
            listening=True,
            iss=segment.ack - 1,
            snd_una=segment.ack - 1,
            snd_nxt=segment.ack,
            irs=segment.seq - 1,
            rcv_nxt=segment.seq,
            rcv_wnd=0xFFFF,
        )
        yield from (replace(h, tcb=block).reacted(r).excused(COOKIES) for r in arrives(block, segment))


def _with_loss(h: Hypothesis) -> Iterator[Hypothesis]:
    if h.inflight and h.due is None:
        yield replace(h, inflight=h.inflight[1:]).excused(LOSS)
    if h.due is not None and h.tcb.iss is not None:
        yield replace(h, due=None).excused(LOSS)
    if h.owed is not None:
        yield replace(h, owed=None).excused(LOSS)


@lru_cache(maxsize=1 << 16)
def came(belief: Belief, segment: Segment, terms: Terms) -> Stepped:
    """A segment of the end was seen: the histories that explain it, and how."""
    survivors: set[Hypothesis] = set()
    answers: set[Answer] = set()
    for h in _before(belief, segment, terms):
        for after, answer in _explained(h, segment, terms):
            survivors.add(after)
            answers.add(answer)
    return Stepped(_least_excused(survivors, terms), frozenset(answers))


def _before(belief: Belief, segment: Segment, terms: Terms) -> Belief:
    """The histories that may have led to ``segment``; where loss is allowed, text and FIN before it may be lost."""
    found = closure(belief, terms)
    if LOSS not in terms.allow or segment.flags & SYN:
        return found
    if opened := [after for h in found if _owes_syn_ack(h) for after in _opened_unseen(h, segment)]:
        found = closure(found.union(opened), terms)
    if UNSEEN in terms.allow:
        found = closure(found.union(*(unseen.before_sending(h, segment) for h in found)), terms)
    ahead = [h for h in found if _unseen(h, segment)]
    lost = [replace(h, tcb=h.tcb.sent_up_to(segment.seq)).excused(LOSS) for h in ahead]
    closed = [replace(h, tcb=calls.closed(h.tcb)) for h in lost]
    return closure(found.union(lost, closed), terms) if ahead else found


def _owes_syn_ack(h: Hypothesis) -> bool:
    return h.due is not None and h.tcb.iss is None


def _opened_unseen(h: Hypothesis, segment: Segment) -> Iterator[Hypothesis]:
    """The SYN,ACK that is due was lost, and with it the ISS: ``segment``, the next one seen, has its successor.

    But a RST takes its number from what it refuses (RFC 9293 section 3.5.2 group 2): then the ISS lies elsewhere.
    """
    for iss in (segment.seq - 1, *([segment.seq + HALF // 2] if segment.flags & RST else [])):
        block = replace(h.tcb, iss=iss, snd_una=iss, snd_nxt=iss + 1)
        yield replace(h, tcb=block, due=None).excused(LOSS)


def _unseen(h: Hypothesis, segment: Segment) -> bool:
    """Whether the segment starts beyond what the end was seen to send, by no more than a window."""
    sending = h.tcb.state in SENDING and h.tcb.iss is not None
    return sending and 0 < segment.seq.ahead_of(h.tcb.snd_nxt) < max(h.tcb.max_snd_wnd, 1)


def _explained(h: Hypothesis, segment: Segment, terms: Terms) -> Iterator[tuple[Hypothesis, Answer]]:
    if h.due is not None:
        if h.due.reply.matches(segment):
            reaction = h.due.reaction
            kept = replace(h, due=None) if reaction.next.state is State.LISTEN else h.answered(segment)
            yield kept, Answer(h.due.index, reaction.row, reaction.rule)
        return
    covered = h.owed is not None and h.owed.reply.matches(segment)
    if covered and segment.seq == h.tcb.snd_nxt and not segment.seg_len:
        yield replace(h, tcb=h.tcb.with_window_from(segment), owed=None), _as_answer(h, calls.UPDATE, covered)
        return
    for emission in calls.emitted(h.tcb, segment):
        needs = {calls.REPEAT: REPEAT, calls.ABORT: ABORT}.get(emission.call)
        if needs is not None and needs not in terms.allow:
            continue
        after = h.called(emission.next, segment)
        yield (after.excused(needs) if needs else after), _as_answer(h, emission.call, covered)


def _as_answer(h: Hypothesis, call: str, covered: bool) -> Answer:
    if covered and h.owed is not None:
        reaction = h.owed.reaction
        return Answer(h.owed.index, reaction.row, reaction.rule, "" if call in (calls.REPEAT, calls.UPDATE) else call)
    return Answer(-1, "", "", call)


@lru_cache(maxsize=1 << 16)
def settled(belief: Belief, terms: Terms) -> Belief:
    """The wait is over: only histories that owe nothing and have nothing under way remain."""
    found = closure(belief, terms)
    silent = {h for h in found if h.settled}
    if LOSS in terms.allow:  # the SYN,ACK was lost, and is still to be sent again
        silent |= {replace(h, inflight=()).excused(LOSS) for h in found if _owes_syn_ack(h)}
    return _least_excused(silent, terms)


def _least_excused(histories: Iterable[Hypothesis], terms: Terms) -> Belief:
    """Of histories that differ only in their excuses the ones that need fewest.

    Where segments may be missing from the record, how a history came about no longer matters: there are too many ways.
    """
    best: dict[Hypothesis, Hypothesis] = {}
    for h in histories:
        kept = replace(h, shown=None) if UNSEEN in terms.allow else h
        bare = replace(kept, excuses=frozenset())
        if bare not in best or len(kept.excuses) < len(best[bare].excuses):
            best[bare] = kept
    return frozenset(best.values())


@lru_cache(maxsize=1 << 16)
def states_of(belief: Belief, terms: Terms) -> tuple[str, ...]:
    """The states the end can be in now, in the order of the RFC's list."""
    present = {h.tcb.state for h in closure(belief, terms)}
    return tuple(state.value for state in State if state in present)


@lru_cache(maxsize=1 << 16)
def shown_by(belief: Belief) -> tuple[int, str, str] | None:
    """(event, row, rule) of the last segment processed, where all histories agree."""
    shown = {h.shown for h in belief}
    return next(iter(shown)) if len(shown) == 1 else None


def forget() -> None:
    """Let go of every remembered step."""
    for step in (toward, closure, came, settled, states_of, shown_by):
        step.cache_clear()
