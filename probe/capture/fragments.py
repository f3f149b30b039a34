"""Fragments of IP datagrams to whole datagrams (RFC 791 section 3.2, RFC 8200 section 4.5), in bounded memory.

A fragment that is not the last to come is counted at once as one of an incomplete datagram; the count is put right when
the datagram is whole. Nothing is guessed: where fragments overlap and are no copies of each other, none of them is used
(RFC 8200 section 4.5; of two readings of an IPv4 datagram nothing tells which one its receiver took).
"""

from __future__ import annotations

from bisect import bisect, insort
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from probe.capture.layers import LAYERS, OWN, PORT, TUNNELS, protocol_name

PART = "fragment of a reassembled IP datagram"
INCOMPLETE = "fragment of an incomplete IP datagram"
OVERLAPPING = "fragment of an IP datagram whose fragments overlap"
MALFORMED = "malformed IP fragment"

LIFE = 60 * 1_000_000_000
"""Nanoseconds that the first fragment to come waits for the others (RFC 1122 section 3.3.2, RFC 8200 section 4.5)."""
APART = 1 << 16
"""Records among which the fragments of one datagram lie."""
ROOM = 4 << 20
"""Octets of incomplete datagrams that are kept; beyond that the oldest are given up. Linux keeps as many."""
_PIECE = 256
"""Octets that a fragment, and a datagram, cost besides their own."""
_LONGEST = 65535
_TCP, _UDP, _FRAGMENT = 6, 17, 44
_BEFORE_FRAGMENT = (0, 43, 60)
"""IPv6 headers that stand before the fragment header: hop-by-hop, routing, destination options (RFC 8200 4.1)."""
_INSIDE = {_TCP, *_BEFORE_FRAGMENT, 51, *TUNNELS.tolist()} - {_UDP}
"""Protocols of datagrams that may hold a segment. Of UDP only the ports of tunnels lead to one."""
_PORTS = {kind - PORT for kind in LAYERS if PORT <= kind < OWN}


class Fragment(NamedTuple):
    """One fragment: its octets lie at [start, end) in the datagram, behind the headers that all share.

    ``octets`` are those captured. ``head`` is made ready to stand before the whole. ``key`` tells datagrams apart.
    """

    key: bytes
    protocol: int
    head: bytes
    start: int
    end: int
    more: bool
    octets: bytes


class Whole(NamedTuple):
    """A datagram put together, from the IP header on: the octets captured, and how many there are of it."""

    octets: bytes
    wire: int


@dataclass(slots=True)
class _Datagram:
    """What has come of one datagram, sorted by place; ``number`` and ``time`` are those of the first record.

    ``covered`` octets of it have come, ``size`` is where it ends (0: not known), ``cost`` what it costs to keep.
    """

    number: int
    time: int
    pieces: list[tuple[int, Fragment]] = field(default_factory=list)
    records: int = 0
    covered: int = 0
    size: int = 0
    cost: int = _PIECE
    overlaps: bool = False

    def around(self, start: int) -> tuple[Fragment | None, Fragment | None]:
        """The last fragment that starts at or before ``start``, and the first one behind it."""
        place = bisect(self.pieces, start, key=lambda piece: piece[0])
        before = self.pieces[place - 1][1] if place else None
        return before, self.pieces[place][1] if place < len(self.pieces) else None

    def clashes(self, new: Fragment) -> bool:
        """Whether the fragment lies over another one, or contradicts where the datagram ends."""
        before, behind = self.around(new.start)
        over = (before is not None and before.end > new.start) or (behind is not None and new.end > behind.start)
        return over or (0 < self.size < new.end) or (not new.more and (self.size > 0 or behind is not None))

    def take(self, new: Fragment, skipped: Counter[str]) -> Whole | None:
        """One more fragment, and the datagram where it is whole; counts the records of the others."""
        same, _ = self.around(new.start)
        known = same is not None and same[3:] == new[3:]  # a copy
        if not known and not self.overlaps and self.clashes(new):
            skipped[INCOMPLETE] -= self.records
            skipped[OVERLAPPING] += self.records
            self.overlaps, self.pieces, self.cost = True, [], _PIECE
        if not known and not self.overlaps:
            insort(self.pieces, (new.start, new))
            self.covered += new.end - new.start
            self.cost += _PIECE + len(new.octets)
            self.size = self.size if new.more else new.end
            if self.covered == self.size:
                skipped[INCOMPLETE] -= self.records
                skipped[PART] += self.records
                return self.whole()
        self.records += 1
        skipped[OVERLAPPING if self.overlaps else INCOMPLETE] += 1
        return None

    def whole(self) -> Whole:
        """The datagram, of which all octets have come; those captured up to the first that was cut off."""
        octets = []
        for _, piece in self.pieces:
            octets.append(piece.octets)
            if len(piece.octets) < piece.end - piece.start:
                break
        head = self.pieces[0][1].head
        wire = len(head) + self.size
        place, counted = (2, wire) if head[0] >> 4 == 4 else (4, wire - 40)
        return Whole(b"".join((head[:place], counted.to_bytes(2, "big"), head[place + 2 :], *octets)), wire)


class Fragments:
    """Datagrams of which some fragments have come. One for a reading, which takes them in the order of the file."""

    def __init__(self) -> None:
        self._waiting: dict[bytes, _Datagram] = {}
        self._cost = 0

    def waits(self, number: int, time: int) -> bool:
        """Whether a record with this number and time may still be part of what has come."""
        return any(_near(one, number, time) and not one.overlaps for one in self._waiting.values())

    @property
    def some(self) -> bool:
        """Whether any datagram has begun."""
        return bool(self._waiting)

    def take(self, new: Fragment, number: int, time: int, skipped: Counter[str], *, begin: bool = True) -> Whole | None:
        """The datagram that the fragment in this record completes, if it does; else the record is counted.

        ``begin`` False: the record is another reading's. Only what belongs to a datagram that has begun here counts,
        and is no longer the other one's, which can but call it incomplete.
        """
        found = self._waiting.get(new.key)
        if found is not None and not _near(found, number, time):
            self._forget(new.key)
            found = None
        if found is None:
            if not begin or not _is_wanted(new):
                skipped[protocol_name(new.protocol)] += begin
                return None
            found = self._waiting[new.key] = _Datagram(number, time)
            self._cost += found.cost
        skipped[INCOMPLETE] -= not begin
        before = found.cost
        whole = found.take(new, skipped)
        self._cost += found.cost - before
        if whole is not None:
            self._forget(new.key)
        while self._cost > ROOM:
            self._forget(next(iter(self._waiting)))
        return whole

    def _forget(self, key: bytes) -> None:
        self._cost -= self._waiting.pop(key).cost


def _near(one: _Datagram, number: int, time: int) -> bool:
    return number - one.number <= APART and abs(time - one.time) <= LIFE


def _is_wanted(new: Fragment) -> bool:
    """Whether a segment may be inside, as far as this fragment tells."""
    if new.protocol != _UDP:
        return new.protocol in _INSIDE
    return new.start == 0 and int.from_bytes(new.octets[2:4], "big") in _PORTS


def fragment(packet: bytes, wire: int) -> Fragment | str | None:
    """The fragment in a packet (octets from the IP header on), or why it is none; None where it is a whole datagram.

    ``wire`` is its length before the capture cut it.
    """
    found = _fragment4(packet, wire) if packet[0] >> 4 == 4 else _fragment6(packet, wire)
    if not isinstance(found, Fragment):
        return found
    length = found.end - found.start
    odd = found.more and length % 8 != 0  # offsets count in eights
    return MALFORMED if odd or length <= 0 or len(found.head) + found.end > _LONGEST else found


def _fragment4(packet: bytes, wire: int) -> Fragment | str | None:
    size, total = (packet[0] & 15) * 4, packet[2] << 8 | packet[3]
    place = packet[6] << 8 | packet[7]
    if not place & 0x3FFF:
        return None
    if size < 20 or total > wire or len(packet) < size:
        return MALFORMED
    key, start = packet[12:20] + packet[9:10] + packet[4:6], (place & 0x1FFF) * 8
    head = packet[:6] + b"\0\0" + packet[8:size]
    return Fragment(key, packet[9], head, start, start + total - size, bool(place & 0x2000), packet[size:total])


def _fragment6(packet: bytes, wire: int) -> Fragment | str | None:
    end, at, told = 40 + (packet[4] << 8 | packet[5]), 40, 6
    while (following := packet[told]) in _BEFORE_FRAGMENT:
        if len(packet) < at + 8:
            return None  # cut off: the reader of whole packets says so
        told, at = at, at + (packet[at + 1] + 1) * 8
    if following != _FRAGMENT or len(packet) < at + 8:
        return None
    place = packet[at + 2] << 8 | packet[at + 3]
    if not place & 0xFFF9:
        return None
    if end > wire or end < at + 8:
        return MALFORMED
    key, start = packet[8:40] + packet[at + 4 : at + 8], place & 0xFFF8
    head = packet[:told] + packet[at : at + 1] + packet[told + 1 : at]
    return Fragment(key, packet[at], head, start, start + end - at - 8, bool(place & 1), packet[at + 8 : end])
