"""The signs that a record is not what passed: what two ends know of each other and the record does not hold so.

Ends that agree prove it: octets that one acknowledges and behind which the other goes on were sent, whether they are in
the record or not; what is acknowledged was sent before its acknowledgment, wherever it stands. One end alone proves
nothing: it may be that which is at fault.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import ceil, floor, inf, log2

from probe.engine.path.numberings import numberings
from probe.engine.path.reordering import OVERTAKING
from probe.results.artefacts import Artefact
from probe.results.connection import Packet
from probe.spec.segment import ACK, FIN, OPENING, RST, SYN, Segment
from probe.spec.seq import Seq, later

_FLAGGED = SYN | FIN | RST
_LEAST = 1e-6
"""Lags are told as powers of two of a microsecond, so that connections that look alike have the same."""


@dataclass(frozen=True, slots=True)
class Signs:
    """The artefacts whose sign one connection bears, and by how many seconds at most records are late (rounded up).

    ``gap`` are the seconds, rounded down, between the two segments of different ends that stand closest. ``timed``:
    with other times between the packets the artefacts could be others. ``minded`` are those for which all is there
    more than once, so that each end can be judged by one record of it.
    """

    artefacts: frozenset[Artefact] = frozenset()
    lag: float = 0.0
    gap: float = inf
    timed: bool = False
    minded: frozenset[Artefact] = frozenset()


NO_SIGNS = Signs()


def signs(packets: Sequence[Packet], asked: Seq | None = None) -> Signs:
    """The signs that the record of one connection bears; of one in several numberings those of each.

    ``asked``: the opener had just sent a SYN of that number on the same ports.
    """
    several = numberings(packets)
    if several is None:
        found = _signs(packets)
        if not _both_answered(packets, asked):
            return found
        return replace(found, artefacts=found.artefacts | {Artefact.RENUMBERED})
    each = [_signs([packets[at] for at in places]) for places in (several.client, several.server)]
    copied = frozenset({Artefact.RENUMBERED})
    return Signs(
        copied.union(*(one.artefacts for one in each)),
        max(one.lag for one in each),
        min(one.gap for one in each),
        timed=any(one.timed for one in each),
        minded=frozenset.intersection(*(one.minded for one in each)) | (copied if several.whole else frozenset()),
    )


def _both_answered(packets: Sequence[Packet], asked: Seq | None) -> bool:
    """Whether the opener's SYN and the one before it are answered alike: they are one, and so are the answers."""
    if asked is None:
        return False
    own = packets[0].segment.end
    answers = [p.segment for p in packets if not p.from_client and p.segment.flags & ACK]
    first, second = (
        {s.flags for s in answers if s.ack == number} for number in (own, own + (asked - packets[0].segment.seq))
    )
    return bool(first & second)


def _signs(packets: Sequence[Packet]) -> Signs:
    ends = {True: _Sent(), False: _Sent()}
    for packet in packets:
        segment, own, other = packet.segment, ends[packet.from_client], ends[not packet.from_client]
        if segment.flags & ACK:
            other.told(segment, packet.time)
        own.sent(segment, packet.time)
    found = _kinds(packets)
    lags = [lag for end in ends.values() for lag in end.lags]
    near = [lag for lag in lags if lag <= OVERTAKING]
    if near:
        found.add(Artefact.ORDER)
    # A record that was lost, and whose segment came again, is late as well: but not one after the other.
    if any(len(end.lags) > 1 and not end.in_time and max(end.lags) > OVERTAKING for end in ends.values()):
        found.add(Artefact.CLOCKS)
        near = lags
    if any(end.holes_known for end in ends.values()) or _syn_missing(packets):
        found.add(Artefact.MISSING)
    copies, text = (sum(getattr(end, name) for end in ends.values()) for name in ("copies", "brought"))
    if copies > 1 and copies * 3 >= text:
        found.add(Artefact.DOUBLED)
    if any(packet.segment.scale_lost for packet in packets):
        found.add(Artefact.CUT)
    if injected(packets):
        found.add(Artefact.INJECTED)
    gap = min((abs(b.time - a.time) for a, b in pairwise(packets) if a.from_client != b.from_client), default=inf)
    lag, timed = _rounded(max(near, default=0.0), ceil), bool(lags or copies)
    twice = Artefact.DOUBLED in found and len(singled(packets)) * 2 == len(packets)
    minded = frozenset({Artefact.DOUBLED} if twice else ())
    return Signs(frozenset(found), lag, _rounded(gap, floor), timed, minded)


def singled(packets: Sequence[Packet]) -> list[int]:
    """The places of the packets without one copy of each, which came shortly after it."""
    waiting: dict[tuple[bool, Segment], list[float]] = {}
    found = []
    for place, packet in enumerate(packets):
        times = waiting.setdefault((packet.from_client, packet.segment), [])
        first = next((time for time in times if packet.time - time <= OVERTAKING), None)
        if first is None:
            times.append(packet.time)
            found.append(place)
        else:
            times.remove(first)
    return found


def injected(packets: Sequence[Packet]) -> list[int]:
    """The places of RSTs after which their end went on, at numbers that no overtaken segment of its has.

    Whoever sends a RST has no connection any more (RFC 9293 section 3.5.2), so that another may have sent it.
    """
    found = []
    resets = [(place, p) for place, p in enumerate(packets) if p.segment.flags & RST]
    for by_client in {p.from_client for _, p in resets}:
        own = ((place, p.segment) for place, p in enumerate(packets) if p.from_client == by_client)
        said = [(place, s) for place, s in own if not s.flags & (SYN | RST) and s.flags & ACK]
        for place, reset in ((place, p.segment) for place, p in resets if p.from_client == by_client):
            behind = [s for at, s in said if at > place]
            beyond = behind and all(s.end < reset.seq for _, s in said)  # nothing of the end ever came that far
            if beyond or any(s.end > reset.seq for s in behind):
                found.append(place)
    return sorted(found)


def _rounded(seconds: float, way: Callable[[float], int]) -> float:
    """To a power of two of a microsecond."""
    return seconds if seconds in (0.0, inf) else _LEAST * 2.0 ** max(0, way(log2(seconds / _LEAST)))


def _kinds(packets: Sequence[Packet]) -> set[Artefact]:
    """What the record is made of, where an end that opened, and went on to text or a FIN, would have sent more."""
    segments = [packet.segment for packet in packets]
    found = set[Artefact]()
    finished = any(s.flags & FIN for s in segments)
    if finished and any(s.has(SYN | ACK) for s in segments) and all(s.flags & _FLAGGED for s in segments):
        found.add(Artefact.FLAGS_ONLY)
    if len(segments) > 1 and all(s.length and not s.flags & (SYN | RST) for s in segments):
        found.add(Artefact.DATA_ONLY)
    told = any(s.flags & ACK and not s.flags & RST for s in segments)
    if told and len({packet.from_client for packet in packets}) == 1:
        found.add(Artefact.ONE_DIRECTION)
    return found


def _syn_missing(packets: Sequence[Packet]) -> bool:
    """Whether both ends know of a SYN that is not in the record: one answered it, the other went on from there.

    A record that begins with the answer only began too late.
    """
    asked = {(p.from_client, int(p.segment.end)) for p in packets if p.segment.flags & SYN}
    for place, answer in enumerate(packets[1:], 1):
        known, side = answer.segment, not answer.from_client
        if known.flags & (SYN | ACK | RST) == SYN | ACK and (side, int(known.ack)) not in asked:
            on = (p.segment for p in packets[place + 1 :] if p.from_client == side and p.segment.flags & OPENING == ACK)
            if any(s.seq == known.ack and s.ack == known.end for s in on):
                return True
    return False


@dataclass(slots=True)
class _Sent:
    """What one end sent, as the record holds it, and what the other end says that it sent.

    ``top`` is how far it came, ``ahead`` are acknowledgments of more, each with its time, ``holes`` are numbers that it
    went over. ``lags`` are the seconds between such an acknowledgment and what it acknowledges; ``in_time`` counts the
    segments that came before their acknowledgment. ``brought`` counts those with text, SYN or FIN, ``copies`` those
    equal to one shortly before.
    """

    top: Seq | None = None
    lags: list[float] = field(default_factory=list)
    in_time: int = 0
    brought: int = 0
    copies: int = 0
    _acked: Seq | None = None
    _ahead: list[tuple[Seq, float]] = field(default_factory=list)
    _holes: list[tuple[Seq, Seq]] = field(default_factory=list)
    _first: dict[Segment, float] = field(default_factory=dict)

    def told(self, segment: Segment, time: float) -> None:
        """The other end acknowledges so much."""
        ack = segment.ack
        self._acked = ack if self._acked is None else later(self._acked, ack)
        if (self.top is None or ack > self.top) and (not self._ahead or ack > self._ahead[-1][0]):
            self._ahead.append((ack, time))

    def sent(self, segment: Segment, time: float) -> None:
        """A segment of its own."""
        if segment.flags & RST:
            return
        if segment.seg_len:
            self.brought += 1
            first = self._first.get(segment)
            if first is not None and time - first <= OVERTAKING:
                self.copies += 1
                return
            self._first[segment] = time
        new = self.top is None or segment.end > self.top
        if segment.seg_len and new:
            since = next((at for ack, at in self._ahead if ack >= segment.end), None)
            if since is None:
                self.in_time += 1
            else:
                self.lags.append(max(0.0, time - since))
        if self.top is not None and segment.seq > self.top and not segment.flags & SYN:
            self._holes.append((self.top, segment.seq))
        elif segment.seg_len:
            self._holes = [hole for hole in self._holes if not segment.seq <= hole[0] < segment.end]
        self.top = segment.end if self.top is None or segment.flags & SYN else later(self.top, segment.end)

    @property
    def holes_known(self) -> bool:
        """Whether the other end acknowledges octets that this one went over, and that the record does not hold."""
        return self._acked is not None and any(self._acked >= hole[1] for hole in self._holes)
