"""Folds what was seen into the set of states one end can be in: every permitted history is held at once.

The set narrows as evidence comes. A step depends only on the set and the segment in canonical numbers (relative to the
ISNs), so steps are remembered (``Memory``): the tracker is a deterministic automaton built as it is walked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain

from probe.engine.belief import excused, merging, unrecorded
from probe.engine.belief.hypothesis import Excuse, Hypothesis
from probe.engine.belief.numbers import Sight, segment_of
from probe.scenarios.steps import Scenario
from probe.spec import calls
from probe.spec.arrives import arrives
from probe.spec.reaction import Reaction, permitted, unadvised
from probe.spec.records import Hashed, quick, replace
from probe.spec.segment import ACK, OPENING, RST, SYN, Segment
from probe.spec.seq import HALF
from probe.spec.states import State, names
from probe.spec.tcb import Tcb

Belief = frozenset[Hypothesis]
NOBODY: Belief = frozenset()

LISTENING: Belief = frozenset({Hypothesis(Tcb(State.LISTEN, listening=True))})
CLOSED: Belief = frozenset({Hypothesis(Tcb(State.CLOSED))})
UNKNOWN_PORT: Belief = LISTENING | CLOSED

_FEW = 2_000
"""More permitted histories than this are not looked for; real exchanges stay below forty."""
_STEPS = 1 << 16
"""Steps of a kind that are remembered at a time."""
_REACTIONS = 1 << 14
"""Answers of the oracle that are remembered at a time: many histories ask it the same."""
_HISTORIES = 50_000
"""Histories remembered, a kilobyte each at most, before all are forgotten. Records of conforming ends need some
thousand at most; those that lack much, or were made to do harm, would need any number."""
EXPIRING = frozenset({State.TIME_WAIT, State.LAST_ACK, State.CLOSING})
"""The states that a timer of the peer ends: 2MSL, or R2 for the FIN (RFC 9293 section 3.10.8); at R2 a RST may go."""


@quick
@dataclass(frozen=True, slots=True)
class Answer:
    """What a segment of the end was: a reply (to event ``index``, by ``row`` and ``rule``) or a call of its user."""

    index: int
    row: str
    rule: str
    call: str = ""


@quick
@dataclass(frozen=True, slots=True)
class Terms(Hashed):
    """What the tracker may take for granted: the profile and the excuses a history may use.

    ``merged``: histories that no later segment can tell apart are held as one (``belief.merging``). Of segments of the
    end with one of the flags ``unheard`` (RST, FIN) none comes.
    """

    profile: str = "rfc9293"
    allow: frozenset[Excuse] = frozenset()
    merged: bool = False
    unheard: int = 0


USUAL = Terms()
"""RFC 9293, and no excuse."""
PERMITTED = frozenset({Excuse.OVERTAKEN})
"""No departures at all: the order in which two segments of one end arrive is nobody's fault."""
HARMLESS = PERMITTED | {Excuse.REPLY, Excuse.EDGE, Excuse.ADVICE}
"""The excuses of departures that leave the connection as it must be: a watch can go on behind them."""


def allowed(scenario: Scenario) -> frozenset[Excuse]:
    """The excuses that an exchange grants from the start."""
    granted = {Excuse.ABORT: scenario.aborts, Excuse.EXPIRY: scenario.expires, Excuse.BARE_FIN: scenario.fills}
    return frozenset(excuse for excuse, yes in granted.items() if yes)


@quick
@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """How far one connection has been followed. Records that look alike in canonical numbers share their points.

    ``sights`` counts the events so far; ``answers`` and ``states`` (in the order of the RFC's list) are those of the
    newest one. ``settled``: every history has answered all there was to answer, as at a start. ``last`` is the segment
    it led to here. ``crowded``: there were too many histories here to know them all. ``weight``: how many were looked
    at for this event, whether that was done now or is remembered.
    """

    sights: int
    belief: Belief
    terms: Terms
    answers: frozenset[Answer] = frozenset()
    states: tuple[str, ...] = ()
    settled: bool = True
    last: Sight | None = None
    crowded: bool = False
    weight: int = 0


@quick
@dataclass(frozen=True, slots=True)
class Outlook:
    """What may still come, as the end may have processed all that is under way.

    ``calm``: no history will answer anything, or has what is still to come: else the next segment of ours would cross
    with it. ``silent``: nothing need come, now or after a delay of the acknowledgment (MUST-40). ``delayed``: what is
    still to come is such an acknowledgment. ``overtaken``: the end has certainly sent what is still to come, as later
    segments went past it. ``reached`` are the states of the histories that have processed all.
    """

    calm: bool
    delayed: bool
    silent: bool
    overtaken: bool
    reached: frozenset[str]


def _resumed(wide: Point, terms: Terms) -> Point:
    """The same point, to be followed under other terms from here, as if nothing had been excused."""
    belief = frozenset(replace(h, excuses=h.excuses - HARMLESS, against="") for h in wide.belief)
    return replace(wide, belief=belief, terms=terms)


class Memory:
    """The steps of the tracker, each taken once: a record that looks like an earlier one is only looked up.

    One memory serves a whole run, or a whole process of a replay; whoever watches connections is handed it. It is
    bounded: steps by their number, and all is forgotten when the histories in them become too many.
    """

    def __init__(self) -> None:
        self.begin = lru_cache(maxsize=256)(partial(Point, 0))
        self.resumed = lru_cache(maxsize=_STEPS)(_resumed)
        self.after = lru_cache(maxsize=_STEPS)(self._after)
        self.closure = lru_cache(maxsize=_STEPS)(self._closure)
        self.came = lru_cache(maxsize=_STEPS)(self._came)
        self.outlook = lru_cache(maxsize=_STEPS)(self._outlook)
        self.draws_bare_ack = lru_cache(maxsize=_STEPS)(self._draws_bare_ack)
        self.missed = lru_cache(maxsize=_STEPS)(_missed)
        self.arrives = lru_cache(maxsize=_REACTIONS)(arrives)
        self.reactions = lru_cache(maxsize=_REACTIONS)(self._reactions)
        self.names = lru_cache(maxsize=_STEPS)(names)
        self._histories = 0

    def _after(self, point: Point, sight: Sight | None) -> Point:
        """One event further; None is a completed wait."""
        if point.belief == NOBODY:
            return Point(point.sights + 1, NOBODY, point.terms, settled=False)
        answers, looked_at = frozenset[Answer](), 0
        if sight is None:
            # The wait is over: only histories that owe nothing and have nothing under way remain.
            found = self.closure(point.belief, point.terms)
            silent = {h for h in found if h.settled}
            if Excuse.LOSS in point.terms.allow:  # the SYN,ACK was lost, and is still to be sent again
                silent |= {replace(h, inflight=()).excused(Excuse.LOSS) for h in found if _owes_syn_ack(h)}
            belief = merging.least_excused(silent, point.terms.allow)
        elif sight[0]:
            segment = segment_of(sight)
            belief = frozenset(_under_way(h, point.sights, segment, point.terms) for h in point.belief)
        elif sight == point.last and _is_copy(point, segment_of(sight)):
            belief = point.belief
        else:
            belief, answers, looked_at = self.came(point.belief, segment_of(sight), point.terms)
        everything = self.closure(belief, point.terms)
        self._histories += len(everything)
        if self._histories > _HISTORIES:
            self._histories = 0
            for step in (self.after, self.closure, self.came, self.outlook, self.draws_bare_ack, self.missed):
                step.cache_clear()
        states = self.names(frozenset(h.tcb.state for h in everything))
        settled = belief != NOBODY and all(h.settled for h in belief)
        crowded, weight = max(looked_at, len(everything)) >= _FEW, looked_at + len(everything)
        return Point(point.sights + 1, belief, point.terms, answers, states, settled, sight, crowded, weight)

    def _outlook(self, point: Point) -> Outlook:
        found = self.closure(point.belief, point.terms)
        owed = any(h.owed for h in found)
        overtaken = bool(point.belief) and all(h.gap is not None for h in point.belief)
        return Outlook(
            calm=not overtaken and not owed and not any(h.due for h in found),
            delayed=owed and not any(h.due for h in found),
            silent=not owed and any(h.settled for h in found),
            overtaken=overtaken,
            reached=frozenset(h.tcb.state.value for h in found if not h.inflight),
        )

    def _draws_bare_ack(self, point: Point, sight: Sight) -> bool:
        """Whether an end there may answer it with an ACK that moves nothing (RFC 9293 3.10.7.4 first; RFC 5961)."""
        segment, found = segment_of(sight), self.closure(point.belief, point.terms)
        replies = (r.reply for h in found for r in permitted(self.arrives(h.tcb, segment), point.terms.profile))
        return any(r is not None and r.flags == ACK and not r.covers for r in replies)

    def _came(self, belief: Belief, segment: Segment, terms: Terms) -> tuple[Belief, frozenset[Answer], int]:
        """A segment of the end was seen: the histories that explain it, what they take it for; of how many."""
        survivors, answers = set[Hypothesis](), set[Answer]()
        if terms.merged and segment.flags & ACK:
            belief = frozenset(merging.split(h, segment.ack) for h in belief)
        before = self._before(belief, segment, terms)
        for h in before:
            for after, answer in _explained(h, segment, terms):
                survivors.add(after.behind(segment))
                answers.add(answer)
        left = self._laziest(survivors, terms) if terms.merged else merging.least_excused(survivors, terms.allow)
        return left, frozenset(answers), len(before)

    def _before(self, belief: Belief, segment: Segment, terms: Terms) -> Belief:
        """The histories that may have led to ``segment``; where loss is allowed, text and FIN before it may be lost."""
        found = self.closure(belief, terms)
        if segment.flags & SYN:
            return found
        if Excuse.OVERTAKEN in terms.allow:
            found = self._reached(found, chain.from_iterable(excused.overtaking(h, segment) for h in found), terms)
        if Excuse.LOSS not in terms.allow:
            return found
        # A SYN,ACK that is due was lost, and with it the ISS: ``segment``, the next one seen, has its successor. But a
        # RST takes its number from what it refuses (RFC 9293 section 3.5.2 group 2): then the ISS lies elsewhere.
        numbers = (segment.seq - 1, *([segment.seq + HALF // 2] if segment.flags & RST else []))
        opened = [
            replace(h, tcb=replace(h.tcb, iss=iss, snd_una=iss, snd_nxt=iss + 1), due=None).excused(Excuse.LOSS)
            for h in found
            if _owes_syn_ack(h)
            for iss in numbers
        ]
        found = self._reached(found, opened, terms)
        if Excuse.UNRECORDED in terms.allow:
            earlier = (unrecorded.before_sending(h, segment, self.arrives) for h in found)
            found = self._reached(found, chain.from_iterable(earlier), terms)
        # The segment starts beyond what the end was seen to send, by no more than a window: what lies between is lost.
        ahead = [h for h in found if excused.is_ahead(h, segment)]
        lost = [replace(h, tcb=h.tcb.sent_up_to(segment.seq)).excused(Excuse.LOSS) for h in ahead]
        closed = [replace(h, tcb=calls.closed(h.tcb)) for h in lost]  # its last octet was the FIN
        return self._reached(found, [*lost, *closed], terms)

    # -- what the end may have done with what is under way to it -------------------------------------------------------

    def _closure(self, belief: Belief, terms: Terms) -> Belief:
        """Every history reachable by processing (or, if allowed, losing) what is under way."""
        return self._reached(NOBODY, belief, terms)

    def _reached(self, found: Belief, others: Iterable[Hypothesis], terms: Terms) -> Belief:
        """``found``, from which no other history can be reached, with these others and all that they can reach.

        Step by step for all at once: where there are too many, which ones are left does not hang on their order.
        """
        newest = frozenset(others) - found
        found |= newest
        while newest and len(found) < _FEW:
            newest = frozenset(_of_one(s, terms) for h in newest for s in self._successors(h, terms)) - found
            found |= newest
        return found

    def _successors(self, h: Hypothesis, terms: Terms) -> Iterator[Hypothesis]:
        if terms.merged:
            h = merging.ready(h)
        if terms.unheard or terms.allow & {Excuse.LOSS, Excuse.REPLY}:
            yield from _without_a_segment(h, terms)
        if Excuse.UNRECORDED in terms.allow:
            yield from unrecorded.before_processing(h)
        if not h.inflight or h.due is not None or (terms.merged and merging.waits(h)):
            return  # replies leave in the order of the segments that asked for them
        if Excuse.COOKIES in terms.allow:
            taken = list(excused.with_cookies(h, self.arrives))
            yield from taken
            if taken and Excuse.COOKIES in h.excuses:
                return  # who answers SYNs with cookies knows its own: it does not refuse one ACK and take the next
        if Excuse.EXPIRY in terms.allow and h.tcb.state in EXPIRING:
            yield replace(h, tcb=h.tcb.gone()).excused(Excuse.EXPIRY)
        for reaction, excuse in self.reactions(h.tcb, h.inflight[0][1], terms):
            after = h.reacted(reaction)
            yield after.excused(excuse) if excuse else after

    def _reactions(self, tcb: Tcb, segment: Segment, terms: Terms) -> tuple[tuple[Reaction, Excuse | None], ...]:
        """What an end may do with the segment under these terms, each with the excuse that takes."""
        usual = self.arrives(tcb, segment)
        found: list[tuple[Reaction, Excuse | None]] = [(r, None) for r in permitted(usual, terms.profile)]
        if Excuse.ADVICE in terms.allow:
            found += [(r, None) for r in unadvised(usual)]  # they say themselves what they leave
        if Excuse.BARE_FIN in terms.allow and excused.bare_fin(tcb, segment):
            roomy = permitted(self.arrives(replace(tcb, rcv_wnd=1), segment), terms.profile)
            found += [(r, Excuse.BARE_FIN) for r in roomy]
        if Excuse.EDGE in terms.allow:
            # What told of a wider window may not be recorded.
            buffer = unrecorded.WINDOW if Excuse.UNRECORDED in terms.allow else 0
            found += [(r, Excuse.EDGE) for r in excused.at_the_edge(tcb, segment, self.arrives, terms.profile, buffer)]
        return tuple(found)

    def _laziest(self, histories: Iterable[Hypothesis], terms: Terms) -> Belief:
        """The histories without those that others of them turn into by what waits for them."""
        found = frozenset(_of_one(h, terms) for h in histories)
        if len(found) < 2:
            return found
        return found - {_of_one(s, terms) for h in found for s in self._successors(h, terms)}


def _under_way(h: Hypothesis, index: int, segment: Segment, terms: Terms) -> Hypothesis:
    if terms.merged:
        return merging.under_way(h, index, segment)
    return replace(h, inflight=(*h.inflight, (index, segment)))


def _of_one(h: Hypothesis, terms: Terms) -> Hypothesis:
    return merging.bare(h, terms.allow) if terms.merged else h


def _missed(point: Point) -> Point:
    """One event further that the end never met: a segment that something on the way kept back."""
    return replace(point, sights=point.sights + 1, answers=frozenset())


def _is_copy(point: Point, segment: Segment) -> bool:
    """Whether the network may have made it: a bare ACK that says again at once what it said, where nothing asked twice.

    Where the window's edge is in doubt, so is what was asked.
    """
    asked = Excuse.EDGE in point.terms.allow or any(h.inflight for h in point.belief)
    return segment.flags & OPENING == ACK and not segment.length and not asked


def _without_a_segment(h: Hypothesis, terms: Terms) -> Iterator[Hypothesis]:
    """The next segment for the end, the reply it sent at once, or its delayed acknowledgment never arrived.

    Or the end sent no reply; the SYN,ACK of a listener is more than that, and what acknowledges text or a FIN is, too.
    """
    if terms.unheard:
        yield from excused.unheard(h, terms.unheard, aborts=Excuse.ABORT in terms.allow)
    if _may_depart(h, terms) and h.due is not None and not excused.opening(h.due):
        yield replace(h, due=None).excused(Excuse.REPLY)
    if Excuse.LOSS not in terms.allow:
        return
    if h.inflight and h.due is None and not h.arrived:
        yield replace(h, inflight=h.inflight[1:]).excused(Excuse.LOSS)
    if h.due is not None and h.tcb.iss is not None:
        yield replace(h, due=None).excused(Excuse.LOSS)
    if h.owed is not None:
        yield replace(h, owed=None).excused(Excuse.LOSS)


# -- what may have led to a segment of the end -------------------------------------------------------------------------


def _may_depart(h: Hypothesis, terms: Terms) -> bool:
    """Whether one reply may still be other than due: two departures are no better a story than another block."""
    return Excuse.REPLY in terms.allow and Excuse.REPLY not in h.excuses


def _owes_syn_ack(h: Hypothesis) -> bool:
    return h.due is not None and h.tcb.iss is None


def _explained(h: Hypothesis, segment: Segment, terms: Terms) -> Iterator[tuple[Hypothesis, Answer]]:
    """The history after the segment, once for each thing the segment can be: the reply due, or a call of the user."""
    if Excuse.OVERTAKEN in terms.allow and (excused.overtaken(h, segment) or excused.fills_gap(h, segment)):
        yield h.excused(Excuse.OVERTAKEN), Answer(-1, "", "", calls.REPEAT)
    if h.due is not None:
        if h.due.reply.matches(segment):
            reaction = h.due.reaction
            kept = replace(h, due=None) if reaction.next.state is State.LISTEN else h.answered(segment)
            yield kept, Answer(h.due.index, reaction.row, reaction.rule)
        elif _may_depart(h, terms) and (
            h.due.reply.refuses_as(segment) or (not excused.opening(h.due) and excused.harmless(h, segment))
        ):
            yield (
                replace(h, due=None).excused(Excuse.REPLY),
                Answer(h.due.index, h.due.reaction.row, h.due.reaction.rule),
            )
        if h.due.reply.flags == ACK and h.owed is not None and h.owed.reply.matches(segment):
            yield from _explained(replace(h, due=None), segment, terms)  # one acknowledgment says both, text or not
        return  # nothing else leaves before the reply
    covered = h.owed is not None and h.owed.reply.matches(segment)
    if covered and segment.seq == h.tcb.snd_nxt and not segment.seg_len:
        yield replace(h, tcb=h.tcb.with_window_from(segment), owed=None), _as_answer(h, calls.UPDATE, covered)
        return
    if _may_depart(h, terms) and excused.harmless(h, segment):
        yield replace(h, tcb=h.tcb.with_window_from(segment)).excused(Excuse.REPLY), Answer(-1, "", "", calls.REPEAT)
    for emission in calls.emitted(h.tcb, segment):
        needs = {calls.REPEAT: Excuse.REPEAT, calls.ABORT: Excuse.ABORT}.get(emission.call)
        if needs is Excuse.ABORT and Excuse.EXPIRY in terms.allow and h.tcb.state in EXPIRING:
            needs = Excuse.EXPIRY
        if needs is not None and needs not in terms.allow:
            continue
        after = h.called(emission.next, segment)
        yield (after.excused(needs) if needs else after), _as_answer(h, emission.call, covered)


def _as_answer(h: Hypothesis, call: str, covered: bool) -> Answer:
    """A call's segment, which is an answer too where it carries the acknowledgment owed."""
    if covered and h.owed is not None:
        reaction = h.owed.reaction
        return Answer(h.owed.index, reaction.row, reaction.rule, "" if call in (calls.REPEAT, calls.UPDATE) else call)
    return Answer(-1, "", "", call)
