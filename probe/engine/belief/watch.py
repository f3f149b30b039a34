"""Follows one connection as it is seen: canonical numbers, the belief about the peer, the states after each event."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from probe.engine.belief import tracker
from probe.engine.belief.events import Event, Quiet
from probe.engine.belief.numbers import Numbers, Sight
from probe.engine.belief.tracker import NOBODY, Answer, Belief, Terms


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """How far one connection has been followed. Records that look alike in canonical numbers share their points.

    ``sights`` counts the events so far; ``answers`` and ``states`` are those of the newest one.
    """

    sights: int
    belief: Belief
    terms: Terms
    answers: frozenset[Answer] = frozenset()
    states: tuple[str, ...] = ()
    settled: bool = True


@lru_cache(maxsize=256)
def _begin(start: Belief, terms: Terms) -> Point:
    return Point(0, start, terms, settled=all(h.settled for h in start))


_MOST = 50_000
"""Histories remembered, a kilobyte each at most, before all are forgotten. Records of conforming ends need some
thousand at most; those that lack much, or were made to do harm, would need any number."""
_remembered = [0]


def _bounded(histories: int) -> None:
    """Note so many histories more."""
    _remembered[0] += histories
    if _remembered[0] > _MOST:
        _remembered[0] = 0
        tracker.forget()
        _after.cache_clear()


@lru_cache(maxsize=1 << 16)
def _after(point: Point, sight: Sight | None) -> Point:
    """One event further; None is a completed wait. Remembered, so that the next such record is only looked up."""
    if point.belief == NOBODY:
        return Point(point.sights + 1, NOBODY, point.terms, settled=False)
    answers: frozenset[Answer] = frozenset()
    if sight is None:
        belief = tracker.settled(point.belief, point.terms)
    elif sight.to_peer:
        belief = tracker.toward(point.belief, point.sights, sight.segment())
    else:
        stepped = tracker.came(point.belief, sight.segment(), point.terms)
        belief, answers = stepped.belief, stepped.answers
    settled = belief != NOBODY and all(h.settled for h in belief)
    _bounded(len(tracker.closure(belief, point.terms)))
    return Point(point.sights + 1, belief, point.terms, answers, tracker.states_of(belief, point.terms), settled)


class Watch:
    """The belief about one end, event by event. Once no permitted history explains what came, it stays broken.

    ``before`` is the belief before the event that broke it (or before the last event). ``point`` is the same object
    for all records of the same shape.
    """

    def __init__(self, start: Belief, terms: Terms) -> None:
        self.terms = terms
        self.before = start
        self.point = _begin(start, terms)
        self.numbers = Numbers()
        self.index = -1
        self.broken_at: int | None = None
        self.answers: list[frozenset[Answer]] = []
        self.states: list[tuple[str, ...]] = []
        self.beliefs: list[Belief] = []

    @property
    def belief(self) -> Belief:
        """The belief after the last event."""
        return self.point.belief

    def feed(self, event: Event) -> None:
        """Take one more event."""
        self.index += 1
        last = self.point
        if self.broken_at is not None or isinstance(event, Quiet):
            point = _after(last, None)
        else:
            point = _after(last, self.numbers.sight(event.segment, event.to_peer))
        self.point = point
        if self.broken_at is None:
            self.before = last.belief
            if not point.belief:
                self.broken_at = self.index
        self.answers.append(point.answers)
        self.states.append(point.states)
        self.beliefs.append(point.belief)

    @property
    def settled(self) -> bool:
        """Whether every history has answered all there was to answer (False once broken)."""
        return self.point.settled


def follow(events: list[Event], start: Belief, terms: Terms) -> Watch:
    """A whole record at once."""
    watch = Watch(start, terms)
    for event in events:
        watch.feed(event)
    return watch
