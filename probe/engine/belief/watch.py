"""Follows one connection as it is seen: canonical numbers, the belief about the peer, the states after each event."""

from __future__ import annotations

from probe.engine.belief.events import Event, Quiet
from probe.engine.belief.numbers import Numbers
from probe.engine.belief.tracker import Answer, Belief, Memory, Terms


class Watch:
    """The belief about one end, event by event. Once no permitted history explains what came, it stays broken.

    ``before`` is the belief before the event that broke it (or before the last event). ``point`` is the same object
    for all records of the same shape that share a memory.
    """

    def __init__(self, start: Belief, terms: Terms, memory: Memory) -> None:
        self.terms = terms
        self.memory = memory
        self.before = start
        self.point = memory.begin(start, terms)
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

    @property
    def settled(self) -> bool:
        """Whether every history has answered all there was to answer (False once broken)."""
        return self.point.settled

    def feed(self, event: Event) -> None:
        """Take one more event."""
        self.index += 1
        last = self.point
        if self.broken_at is not None or isinstance(event, Quiet):
            point = self.memory.after(last, None)
        else:
            point = self.memory.after(last, self.numbers.sight(event.segment, event.to_peer))
        self.point = point
        if self.broken_at is None:
            self.before = last.belief
            if not point.belief:
                self.broken_at = self.index
        self.answers.append(point.answers)
        self.states.append(point.states)
        self.beliefs.append(point.belief)


def follow(events: list[Event], start: Belief, terms: Terms, memory: Memory) -> Watch:
    """A whole record at once."""
    watch = Watch(start, terms, memory)
    for event in events:
        watch.feed(event)
    return watch
