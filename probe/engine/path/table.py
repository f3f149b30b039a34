"""A firewall that knows which connections stand, and next to nothing of their numbers.

What belongs to no connection it turns away. Few that are no Linux do more for a service that they let through.
"""

from __future__ import annotations

from dataclasses import dataclass

from probe.engine.path.filter import Label
from probe.spec.segment import ACK, FIN, OPENING, RST, SYN, Segment
from probe.spec.seq import Seq

_ROOM = 0xFFFF
"""So far beyond what was acknowledged a RST still counts, if its number is looked at."""


@dataclass(frozen=True, slots=True)
class Plain:
    """How it ends a connection: by a RST, ``liberal``: whatever its number; ``forgets``: by the ACKs of both FINs, too.

    Without that the entry outlasts them.
    """

    liberal: bool = False
    forgets: bool = False

    def table(self) -> Table:
        """One flow, of which nothing is known yet."""
        return Table(self)


class Table:
    """The table of one flow, in which a SYN of either end begins a connection."""

    def __init__(self, settings: Plain) -> None:
        self._settings = settings
        self._told: dict[bool, Seq] = {}
        self._fins: dict[bool, Seq] = {}
        self._ended = False
        self.begun_by_tester: bool | None = None

    def is_behind(self, segment: Segment) -> bool:
        """Whether the newest segment was the last ACK of a connection: what answers it belongs to none."""
        return self._ended

    def label(self, time: float, to_peer: bool, segment: Segment) -> Label:
        """What it calls the next segment."""
        self._ended = False
        if self.begun_by_tester is None and segment.flags & OPENING == SYN:
            self.begun_by_tester, self._told, self._fins = to_peer, {}, {}
            return Label.NEW
        if self.begun_by_tester is None or (segment.flags & RST and not self._counts(to_peer, segment)):
            return Label.INVALID
        if segment.flags & ACK:
            self._told[to_peer] = segment.ack
        if segment.flags & FIN:
            self._fins[to_peer] = segment.end
        closed = len(self._fins) > 1 and all(self._told.get(not end) == fin for end, fin in self._fins.items())
        self._ended = self._settings.forgets and closed
        if segment.flags & RST or self._ended:
            self.begun_by_tester = None
        return Label.VALID

    def _counts(self, to_peer: bool, reset: Segment) -> bool:
        """Whether a RST ends the connection: one that refuses a SYN has number zero (RFC 9293 section 3.10.7.1)."""
        acked = self._told.get(not to_peer)
        near = acked is None or 0 <= reset.seq - acked <= _ROOM
        return self._settings.liberal or near or not int(reset.seq)
