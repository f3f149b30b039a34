"""Segments recorded later than they were sent: a path, or a machine with several processors, lets others overtake them.

The order of a record is that of the place where it was made. A segment that no history explains where it stands may be
explained where its own end sent it: behind others of that end in the record, before them on the wire.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from probe.engine.belief.events import Event, Seen
from probe.engine.belief.watch import Watch
from probe.results.connection import Packet
from probe.spec.segment import ACK, RST, SYN, Segment

OVERTAKING = 0.05
"""Seconds by which others may have overtaken a segment. What stacks send again comes later (RFC 6298: 1 s; in practice
0.2 s), so a segment sent without need is not taken for one that was held up."""
_MOVES = 4
"""So many overtaken segments of one end are looked for."""

Order = Sequence[int]
"""Places of packets in the record, in the order in which they are followed."""


def put_right(
    packets: Sequence[Packet], order: Order, watch: Watch, *, client: bool, follow: Callable[[Order], Watch]
) -> tuple[Watch, Order]:
    """The walk with overtaken segments of the end put where they were sent, and its order.

    ``watch`` has followed the packets in the order given, ``follow`` follows them in another.
    """
    for _ in range(_MOVES):
        if watch.broken_at is None:
            break
        tried = [(follow(moved), moved) for moved in _orders(packets, order, watch.broken_at, client=client)]
        best = max(tried, key=lambda one: _reach(one[0]), default=None)
        if best is None or _reach(best[0]) <= _reach(watch):
            break
        watch, order = best
    return watch, order


def _reach(watch: Watch) -> float:
    """How far a walk explains the record."""
    return float("inf") if watch.broken_at is None else watch.broken_at


def _orders(packets: Sequence[Packet], order: Order, broken: int, *, client: bool) -> list[Order]:
    """The order with the segment at ``broken`` put before others of its end that may have overtaken it."""
    held_up = packets[order[broken]]
    if held_up.from_client != client:
        return []
    segment = held_up.segment
    near = []
    for place, at in enumerate(order[:broken]):
        if packets[at].from_client == client and held_up.time - packets[at].time <= OVERTAKING:
            near.append((place, packets[at].segment))
    # What shows that it was sent before: others acknowledge more, hold later text, or ended the connection.
    ahead = [place for place, s in near if s.flags & segment.flags & ACK and s.ack > segment.ack]
    beyond = [place for place, s in near if s.end > segment.end]
    ended = [place for place, s in near if s.flags & RST]
    found = dict.fromkeys((*ahead[:1], *beyond[:1], *ended[:1], *(place for place, _ in near[-1:])))
    return [[*order[:place], order[broken], *order[place:broken], *order[broken + 1 :]] for place in found]


def as_sent(events: Sequence[Event]) -> list[Event] | None:
    """A live record without copies of the peer's segments, and with those put in order that came close together.

    None where it is that already. What stands between them of ours stays where it is: nothing says when it arrived.
    """
    kept: list[Event] = []
    for event in events:
        if not isinstance(event, Seen) or event.to_peer:
            kept.append(event)
            continue
        near = [(i, e) for i, e in enumerate(kept) if isinstance(e, Seen) and not e.to_peer]
        near = [(i, e) for i, e in near if event.time - e.time <= OVERTAKING]
        if any(e.segment == event.segment for _, e in near):
            continue
        ahead = next(((i, e.time) for i, e in near if _was_sent_before(event.segment, e.segment)), None)
        kept.insert(*((len(kept), event) if ahead is None else (ahead[0], replace(event, time=ahead[1]))))
    return kept if kept != list(events) else None


def _was_sent_before(segment: Segment, other: Segment) -> bool:
    """Whether the numbers say so: what an end sends later acknowledges as much or more, and goes on from there.

    Or the RST, with the same numbers, which ends what it sends.
    """
    if segment.flags & other.flags & ACK and segment.ack != other.ack:
        return segment.ack < other.ack
    if (segment.flags ^ other.flags) & SYN:
        return bool(segment.flags & SYN)
    if (segment.seq, segment.end) == (other.seq, other.end):
        return bool(other.flags & RST) and not segment.flags & RST
    return segment.end < other.end if segment.seq == other.seq else segment.seq < other.seq
