"""What goes into a conductor (Seen, Quiet) and what it asks for (Send, Ask, WakeAt, Done): the sans-IO vocabulary."""

from __future__ import annotations

from dataclasses import dataclass

from probe.spec.segment import Segment


@dataclass(frozen=True, slots=True)
class Seen:
    """A segment of the connection passed the observation point.

    ``time`` in seconds (any epoch, same for the whole run), ``to_peer`` True for client/tester -> peer,
    ``number`` the packet's number in the recording, counted from 1 (0: not recorded).
    """

    time: float
    to_peer: bool
    segment: Segment
    number: int = 0


@dataclass(frozen=True, slots=True)
class Quiet:
    """Everything that was due by ``time`` would have come: the wait is over and nothing is left unread."""

    time: float


@dataclass(frozen=True, slots=True)
class Send:
    """Put this segment on the wire."""

    segment: Segment


@dataclass(frozen=True, slots=True)
class Ask:
    """Hand this line to the peer's application, over a connection of its own."""

    line: bytes


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Call again at this time if nothing is seen before; replaces the earlier request."""

    time: float


@dataclass(frozen=True, slots=True)
class Done:
    """The exchange is over; nothing more will be sent."""


Event = Seen | Quiet
Command = Send | Ask | WakeAt | Done
