"""The sans-IO vocabulary: what goes into a conductor (Seen, Quiet) and what it asks for (Send, Ask, WakeAt, Done).

And the ordered record of one exchange, which its verdict rests on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from probe.spec.icmp import Icmp
from probe.spec.records import quick
from probe.spec.segment import Segment


@quick
@dataclass(frozen=True, slots=True)
class Seen:
    """A segment of the connection passed the observation point.

    ``time`` in seconds (any epoch, same for the whole run), ``to_peer`` True for client/tester -> peer,
    ``number`` the packet's number in the recording, counted from 1 (0: not recorded). ``datagram`` is the
    Identification of its IPv4 header (0: none that tells anything), ``hops`` the TTL or Hop Limit that it came with (0:
    not known).
    """

    time: float
    to_peer: bool
    segment: Segment
    number: int = 0
    datagram: int = 0
    hops: int = 0


@quick
@dataclass(frozen=True, slots=True)
class Quiet:
    """Everything that was due by ``time`` would have come: the wait is over and nothing is left unread."""

    time: float


@quick
@dataclass(frozen=True, slots=True)
class Send:
    """Put this segment on the wire."""

    segment: Segment


@dataclass(frozen=True, slots=True)
class Ask:
    """Hand this line to the peer's application, over a connection of its own."""

    line: bytes


@quick
@dataclass(frozen=True, slots=True)
class WakeAt:
    """Call again at this time if nothing is seen before; replaces the earlier request."""

    time: float


@dataclass(frozen=True, slots=True)
class Done:
    """The exchange is over; nothing more will be sent."""


Event = Seen | Quiet
Command = Send | Ask | WakeAt | Done


def segment_at(events: Sequence[Event], index: int) -> Segment:
    """The segment of an event that is known to be one."""
    event = events[index]
    assert isinstance(event, Seen), "a wait has no segment"
    return event.segment


@dataclass(frozen=True, slots=True)
class Missing:
    """A wait that ended without what it waited for: ``what`` as in the scenario, after event ``index``.

    ``short``: it was not long enough to say that a repetition never comes.
    """

    index: int
    what: str
    rule: str
    application: bool
    waited: float
    short: bool = False


@dataclass(frozen=True, slots=True)
class IcmpError:
    """An ICMP error that quotes a segment of the tester, which so did not arrive; ``number`` is its packet.

    It came after event ``index`` and is about event ``about`` (-1: about none that was seen).
    """

    time: float
    index: int
    about: int
    icmp: Icmp
    number: int = 0


@dataclass(slots=True)
class Transcript:
    """Events in the order of the wire; ``sealed`` is the number of events that count for the verdict.

    ``named`` maps events of the tester to what the reaction to them shows, where the scenario names it; ``places`` maps
    those that the script has sent to their place in it, counted in segments from 0 (what fills a window has one place).
    ``errors`` are of the whole exchange, clearing up included. ``dropped`` packets were lost in our own receive buffer
    while it was played.
    """

    events: list[Event] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    foreign: list[Seen] = field(default_factory=list)
    sealed: int | None = None
    interrupted: bool = False
    named: dict[int, str] = field(default_factory=dict)
    places: dict[int, int] = field(default_factory=dict)
    errors: list[IcmpError] = field(default_factory=list)
    dropped: int = 0

    @property
    def undelivered(self) -> frozenset[int]:
        """The judged events of which an ICMP error says that they did not arrive."""
        return frozenset(e.about for e in self.errors if 0 <= e.about < len(self.judged))

    @property
    def judged(self) -> list[Event]:
        """The events the verdict rests on; what follows is clearing up."""
        return self.events if self.sealed is None else self.events[: self.sealed]

    def seen(self) -> list[tuple[int, Seen]]:
        """The judged segments with their event index."""
        return [(i, e) for i, e in enumerate(self.judged) if isinstance(e, Seen)]

    def place(self, index: int) -> int:
        """The place in the script of the tester's segment at that event, or of the last one before it (-1: none).

        Counted among all of the tester's where nothing is noted.
        """
        if self.places:
            return max((place for at, place in self.places.items() if at <= index), default=-1)
        return sum(isinstance(event, Seen) and event.to_peer for event in self.events[: index + 1]) - 1
