"""One connection in two numberings: recorded on both sides of something that rewrites sequence numbers.

ISN randomisation, a SYN proxy, a load balancer that answers before it has chosen a server: each adds a constant to the
numbers of one end, or of each, so that the record holds twice what passed. Ends that agree prove it: in either
numbering one sends what the other acknowledges, what both say in one comes in the other a constant apart, and neither
numbering is over before the other begins. A number that one end alone brings up is its own doing.
"""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from probe.results.connection import Packet
from probe.spec.segment import ACK, RST, Segment
from probe.spec.seq import SPACE, Seq

_MOST = 4
"""So many numberings are told apart; each device on the way that is recorded on both sides makes one more."""
_NEAR = 16
"""Among so many segments of the other numbering, from where it stands, the copy of a segment is looked for."""
_Label = tuple[int, int]
"""A numbering: where among the numbers of the client's octets, and among those of the server's, it lies."""
_Key = tuple[bool, int, int, Seq, Seq]
"""What copies of a segment have in common: end, flags, length, numbers of the client's and of the server's octets."""


@dataclass(frozen=True, slots=True)
class Numberings:
    """``client`` and ``server``: the places of the packets in the numbering of that end, in which it is recorded first.

    ``first``: of those in the numbering in which the record begins. ``whole``: what one says the others say.
    """

    client: tuple[int, ...]
    server: tuple[int, ...]
    first: tuple[int, ...]
    whole: bool


def numberings(packets: Sequence[Packet]) -> Numberings | None:
    """Those of a record that has more than one."""
    spaces = {client: _Space(packets, client=client) for client in (True, False)}
    if not any(space.parted for space in spaces.values()):
        return None
    told = [_label(packet, spaces) for packet in packets]
    labels = _agreed(packets, told)
    if len(labels) < 2:
        return None
    copies = {labels[0]: _keys(packets, told, labels[0], (0, 0))}
    for label in labels[1:]:
        shift = _shift(packets, told, labels[0], label)
        if shift is None:
            return None
        copies[label] = _keys(packets, told, label, shift)
    counts = [Counter(key for key, _ in found) for found in copies.values()]
    if any((count & counts[0]).total() * 4 < (count + counts[0]).total() for count in counts):
        return None
    orders = {client: _order(copies, client=client) for client in (True, False)}
    placed = _placed(packets, spaces, orders)
    first = next(label for label in orders[packets[0].from_client] if 0 in placed[label])
    client, server, start = (tuple(placed[label]) for label in (orders[True][0], orders[False][0], first))
    return Numberings(client, server, start, all(count == counts[0] for count in counts))


def in_one(packets: Sequence[Packet]) -> Sequence[int]:
    """The places of the packets in the numbering in which the record begins; all where there is no other."""
    several = numberings(packets)
    return range(len(packets)) if several is None else several.first


class _Space:
    """The numbers of one end's octets, which it sent or the other end acknowledged, on their circle.

    They lie in parts where each part is shorter than what lies between any two. RSTs tell nothing: anyone sends them.
    """

    def __init__(self, packets: Sequence[Packet], *, client: bool) -> None:
        own = [
            (p.segment.seq, p.segment.seg_len) if p.from_client == client else (p.segment.ack, 0)
            for p in packets
            if not p.segment.flags & RST and (p.from_client == client or p.segment.flags & ACK)
        ]
        self._base = own[0][0] if own else Seq(0)
        self._begins = self._parts(sorted((number.ahead_of(self._base), length) for number, length in own))

    @staticmethod
    def _parts(stretches: Sequence[tuple[int, int]]) -> list[int]:
        """Where the parts begin; one where there are no parts."""
        gaps, top = [], 0
        for start, length in stretches:
            if start > top:
                gaps.append((start - top, start))
            top = max(top, start + length)
        gaps.append((SPACE - top, 0))
        gaps.sort(reverse=True)
        for count in range(2, min(_MOST, len(gaps)) + 1):
            cut = sorted((begin, gap) for gap, begin in gaps[:count])
            # What is behind the last gap goes on to the first one, once around.
            around = [*cut, (cut[0][0] + SPACE, cut[0][1])]
            spans = [after - gap - begin for (begin, _), (after, gap) in pairwise(around)]
            if gaps[count - 1][0] > max(spans):
                return [begin for begin, _ in cut]
        return [0]

    @property
    def parted(self) -> bool:
        return len(self._begins) > 1

    def part(self, number: Seq) -> int:
        """In which part a number lies, or behind which."""
        return (bisect(self._begins, number.ahead_of(self._base)) - 1) % len(self._begins)


_Spaces = dict[bool, _Space]
_Told = Sequence[_Label | None]
_Copies = dict[_Label, list[tuple[_Key, int]]]


def _label(packet: Packet, spaces: _Spaces) -> _Label | None:
    """The numbering of a packet that tells both numbers; a RST takes its own from anything."""
    s = packet.segment
    if s.flags & (RST | ACK) != ACK:
        return None
    own, other = spaces[packet.from_client].part(s.seq), spaces[not packet.from_client].part(s.ack)
    return (own, other) if packet.from_client else (other, own)


def _agreed(packets: Sequence[Packet], told: _Told) -> list[_Label]:
    """The numberings in which both ends speak, none of which is over before another begins."""
    by_client, by_server = (
        {label for packet, label in zip(packets, told, strict=True) if label and packet.from_client == end}
        for end in (True, False)
    )
    labels = sorted(by_client & by_server)
    places = [[at for at, label in enumerate(told) if label == one] for one in labels]
    latest = max((some[0] for some in places), default=0)
    return labels if all(some[-1] > latest for some in places) else []


def _shift(packets: Sequence[Packet], told: _Told, one: _Label, other: _Label) -> _Label | None:
    """By how much the numbers of the client's and the server's octets are apart; None where the ends do not agree."""
    votes: dict[bool, Counter[_Label]] = {True: Counter(), False: Counter()}
    mine, theirs = ([at for at, label in enumerate(told) if label == which] for which in (one, other))
    for at in mine:
        a = packets[at]
        middle = bisect(theirs, at)
        for b in (packets[near] for near in theirs[max(0, middle - _NEAR) : middle + _NEAR]):
            if (b.from_client, *_form(b.segment)) == (a.from_client, *_form(a.segment)):
                (c, s), (c_, s_) = _numbers(a), _numbers(b)
                votes[a.from_client][c_ - c, s_ - s] += 1
    both = {shift: votes[True][shift] + votes[False][shift] for shift in votes[True].keys() & votes[False].keys()}
    return max(both, key=lambda shift: (both[shift], shift), default=None)


def _form(segment: Segment) -> tuple[int, int]:
    return segment.flags, segment.length


def _numbers(packet: Packet) -> tuple[Seq, Seq]:
    """Of the client's and the server's octets."""
    s = packet.segment
    return (s.seq, s.ack) if packet.from_client else (s.ack, s.seq)


def _keys(packets: Sequence[Packet], told: _Told, label: _Label, shift: _Label) -> list[tuple[_Key, int]]:
    """What a numbering says, in the numbers of the first one, and where."""
    found = []
    for at in (at for at, one in enumerate(told) if one == label):
        packet = packets[at]
        client, server = _numbers(packet)
        key = packet.from_client, *_form(packet.segment), client - shift[0], server - shift[1]
        found.append((key, at))
    return found


def _order(copies: _Copies, *, client: bool) -> list[_Label]:
    """The numberings, in the order in which what an end sends is recorded in them."""
    firsts = {label: {key: at for key, at in reversed(found) if key[0] == client} for label, found in copies.items()}
    wins = Counter(
        min((firsts[label][key], label) for label in firsts if key in firsts[label])[1]
        for key in {key for found in firsts.values() for key in found}
        if all(key in found for found in firsts.values())
    )
    return sorted(copies, key=lambda label: (-wins[label], label))


def _placed(packets: Sequence[Packet], spaces: _Spaces, orders: dict[bool, list[_Label]]) -> dict[_Label, list[int]]:
    """The places of the packets in each numbering; of what fits into several the copies in turn."""
    placed: dict[_Label, list[int]] = {label: [] for label in orders[True]}
    alike: Counter[tuple[bool, Segment]] = Counter()
    for at, packet in enumerate(packets):
        fitting = _fitting(packet, spaces, orders[packet.from_client])
        key = packet.from_client, packet.segment
        placed[fitting[alike[key] % len(fitting)]].append(at)
        alike[key] += 1
    return placed


def _fitting(packet: Packet, spaces: _Spaces, labels: Sequence[_Label]) -> list[_Label]:
    """The numberings in which a packet can be, by both its numbers, else by what it acknowledges, else by its own."""
    s, client = packet.segment, packet.from_client
    own, other = spaces[client].part(s.seq), spaces[not client].part(s.ack) if s.flags & ACK else None
    for seq, ack in ((own, other), (None, other), (own, None)):
        in_client, in_server = (seq, ack) if client else (ack, seq)
        found = [one for one in labels if in_client in (None, one[0]) and in_server in (None, one[1])]
        if 0 < len(found) < len(labels):
            return found
    return list(labels)
