"""Follows one connection as it is seen: canonical numbers, the strict belief about the peer, the states after each event."""

from __future__ import annotations

from probe.engine import tracker
from probe.engine.events import Event, Quiet
from probe.engine.tracker import NOBODY, Answer, Belief, Numbers, Terms


class Watch:
    """The belief about one end, event by event. Once no permitted history explains what came, it stays broken.

    ``before`` is the belief before the event that broke it (or before the last event).
    """

    def __init__(self, start: Belief, terms: Terms) -> None:
        self.terms = terms
        self.belief = self.before = start
        self.numbers = Numbers()
        self.index = -1
        self.broken_at: int | None = None
        self.answers: list[frozenset[Answer]] = []
        self.states: list[tuple[str, ...]] = []

    def feed(self, event: Event) -> None:
        """Take one more event."""
        self.index += 1
        if self.broken_at is not None:
            self.answers.append(frozenset())
            self.states.append(())
            return
        self.before = self.belief
        self.answers.append(self._step(event))
        if self.belief == NOBODY:
            self.broken_at = self.index
        self.states.append(tracker.states_of(self.belief, self.terms))

    def _step(self, event: Event) -> frozenset[Answer]:
        if isinstance(event, Quiet):
            self.belief = tracker.settled(self.belief, self.terms)
            return frozenset()
        segment = self.numbers.canonical(event.segment, event.to_peer)
        if event.to_peer:
            self.belief = tracker.toward(self.belief, self.index, segment)
            return frozenset()
        stepped = tracker.came(self.belief, segment, self.terms)
        self.belief = stepped.belief
        return stepped.answers

    @property
    def settled(self) -> bool:
        """Whether every history has answered all there was to answer (False once broken)."""
        return self.broken_at is None and all(h.settled for h in self.belief)


def follow(events: list[Event], start: Belief, terms: Terms) -> Watch:
    """A whole record at once."""
    watch = Watch(start, terms)
    for event in events:
        watch.feed(event)
    return watch
