"""Follows one connection as it is seen: canonical numbers, the belief about the peer, the states after each event."""

from __future__ import annotations

from probe.engine.belief.events import Event, Quiet
from probe.engine.belief.hypothesis import Excuse
from probe.engine.belief.numbers import Numbers, Sight
from probe.engine.belief.tracker import HARMLESS, PERMITTED, Belief, Memory, Outlook, Point, Terms
from probe.spec.records import replace
from probe.spec.segment import OPENING, SYN


class Watch:
    """The belief about one end, event by event.

    ``broken_at`` is the first event that no permitted history explains. There an ordinary watch ends: it stays broken.
    One that goes ``through`` takes the departure for a matter of replies, goes on with the block as it must be, and is
    ``lost_at`` the event that even this does not explain; ``departures`` are the events that needed it, ``fed`` all
    that it was told. One that knows what the other end ``sends``, and why, grants a loss where that sent its SYN again:
    until the first word of this end, which is held to what explains that word. ``points`` are where it stood at the
    start and after each event; records of the same shape that share a memory have the same ones.
    """

    __slots__ = (
        "_resumed_at",
        "_wide",
        "broken_at",
        "departures",
        "fed",
        "lost_at",
        "memory",
        "numbers",
        "points",
        "sends",
        "terms",
        "through",
    )

    def __init__(
        self, start: Belief, terms: Terms, memory: Memory, *, through: bool = False, sends: bool = False
    ) -> None:
        self.terms = terms
        self.memory = memory
        self.through, self.sends = through, sends
        self.points = [memory.begin(start, terms)]
        self.numbers = Numbers()
        self.broken_at: int | None = None
        self.lost_at: int | None = None
        self.departures: list[int] = []
        self.fed: list[tuple[Sight | None, bool]] = []
        self._resumed_at = 0, self.points[0]
        self._wide: Point | None = None

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

    @property
    def outlook(self) -> Outlook:
        """What may still come."""
        return self.memory.outlook(self.points[-1])

    def after(self, index: int) -> Point:
        """Where it stood after that event."""
        return self.points[index + 1]

    def feed(self, event: Event, *, lost: bool = False) -> None:
        """Take one more event. ``lost``: a segment that never reached the end, so that it changed nothing there."""
        points = self.points
        sight = None
        if self.lost_at is None and not isinstance(event, Quiet):
            sight = self.numbers.sight(event.segment, event.to_peer)
        again = self._is_syn_again(sight)
        told = self._told_by(sight, lost) if self._wide is not None else None
        self._wide = self._after(self._wide or self._granted(points[-1]), sight, lost) if again else None
        point = told or self._after(points[-1], sight, lost or again)
        if self.through:
            self.fed.append((sight, lost or again))
            self._resumed_at = (len(self.fed), told) if told else self._resumed_at
        if not point.belief and self.lost_at is None:
            point = self._resumed(PERMITTED) if self.through else point
            if not point.belief:
                if self.broken_at is None:
                    self.broken_at = len(points) - 1
                self.departures.append(len(points) - 1)
                point = self._resumed(HARMLESS) if self.through else point
            if not point.belief:
                self.lost_at = len(points) - 1
        points.append(point)

    # -- a SYN that was sent again: it, its answer, or what asked for it first may be lost -----------------------------

    def _is_syn_again(self, sight: Sight | None) -> bool:
        """Whether it is the SYN that was the last to pass, once more."""
        repeated = self.sends and sight is not None and sight == self.point.last
        return repeated and sight is not None and sight[0] and sight[3] & OPENING == SYN

    def _granted(self, point: Point) -> Point:
        return self.memory.resumed(point, replace(self.terms, allow=self.terms.allow | {Excuse.LOSS}))

    def _told_by(self, sight: Sight | None, lost: bool) -> Point | None:
        """What the first word of the end after such SYNs shows; None where it is another, or not even that explains it.

        The end is held to it without further grant. A silence is one to the first SYN.
        """
        if self._wide is None or sight is None or sight[0]:
            return None
        point = self.memory.resumed(self._after(self._wide, sight, lost), self.terms)
        return point if point.belief else None

    def _after(self, point: Point, sight: Sight | None, lost: bool) -> Point:
        return self.memory.missed(point) if lost and sight is not None else self.memory.after(point, sight)

    def _resumed(self, excuses: frozenset[Excuse]) -> Point:
        """Where an end stands that needed these excuses since it was last resumed, at most one odd reply among them."""
        place, point = self._resumed_at
        wide = self.memory.resumed(point, replace(self.terms, allow=self.terms.allow | excuses))
        for sight, lost in self.fed[place:]:
            wide = self._after(wide, sight, lost)
        point = self.memory.resumed(wide, self.terms)
        if point.belief:
            self._resumed_at = len(self.fed), point
        return point

    def would_explain(self, rivals: Belief) -> bool:
        """Whether an end of one of these histories would have sent all that came from the first departure on."""
        assert self.broken_at is not None
        point = self.memory.resumed(replace(self.points[self.broken_at], belief=rivals), self.terms)
        for sight, lost in self.fed[self.broken_at :]:
            point = self._after(point, sight, lost)
        return bool(point.belief)


def follow(
    events: list[Event],
    start: Belief,
    terms: Terms,
    memory: Memory,
    lost: frozenset[int] = frozenset(),
    *,
    through: bool = False,
    sends: bool = False,
) -> Watch:
    """A whole record at once. ``lost`` are the events that never reached the end (``engine.path`` says which)."""
    watch = Watch(start, terms, memory, through=through, sends=sends)
    for index, event in enumerate(events):
        watch.feed(event, lost=index in lost)
    return watch
