"""Follows one connection as it is seen: canonical numbers, the belief about the peer, the states after each event."""

from __future__ import annotations

from probe.engine.belief.events import Event, Quiet
from probe.engine.belief.numbers import Numbers
from probe.engine.belief.tracker import Belief, Memory, Point, Terms


class Watch:
    """The belief about one end, event by event. Once no permitted history explains what came, it stays broken.

    ``points`` are where it stood at the start and after each event; records of the same shape that share a memory have
    the same ones.
    """

    __slots__ = ("broken_at", "memory", "numbers", "points", "terms")

    def __init__(self, start: Belief, terms: Terms, memory: Memory) -> None:
        self.terms = terms
        self.memory = memory
        self.points = [memory.begin(start, terms)]
        self.numbers = Numbers()
        self.broken_at: int | None = None

    @property
    def point(self) -> Point:
        """Where it stands now."""
        return self.points[-1]

    @property
    def index(self) -> int:
        """The place of the last event, -1 before any."""
        return len(self.points) - 2

    @property
    def belief(self) -> Belief:
        """The belief after the last event."""
        return self.points[-1].belief

    @property
    def before(self) -> Belief:
        """The belief before the event that broke it (or before the last event)."""
        return self.points[self.index if self.broken_at is None else self.broken_at].belief

    @property
    def states(self) -> list[tuple[str, ...]]:
        """The states it can have been in after each event."""
        return [point.states for point in self.points[1:]]

    @property
    def settled(self) -> bool:
        """Whether every history has answered all there was to answer (False once broken)."""
        return self.points[-1].settled

    def after(self, index: int) -> Point:
        """Where it stood after that event."""
        return self.points[index + 1]

    def feed(self, event: Event, *, lost: bool = False) -> None:
        """Take one more event. ``lost``: a segment that never reached the end, so that it changed nothing there."""
        points = self.points
        if self.broken_at is not None or isinstance(event, Quiet):
            point = self.memory.after(points[-1], None)
        else:
            sight = self.numbers.sight(event.segment, event.to_peer)
            point = self.memory.missed(points[-1]) if lost else self.memory.after(points[-1], sight)
        points.append(point)
        if not point.belief and self.broken_at is None:
            self.broken_at = len(points) - 2


def follow(
    events: list[Event], start: Belief, terms: Terms, memory: Memory, lost: frozenset[int] = frozenset()
) -> Watch:
    """A whole record at once. ``lost`` are the events that never reached the end (``engine.path`` says which)."""
    watch = Watch(start, terms, memory)
    for index, event in enumerate(events):
        watch.feed(event, lost=index in lost)
    return watch
