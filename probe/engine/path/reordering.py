"""Segments recorded later than they were sent: a path, or a machine with several processors, lets others overtake them.

The order of a record is that of the place where it was made. A segment that no history explains where it stands may be
explained where its own end sent it: behind others of that end in the record, before them on the wire.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from probe.engine.belief.watch import Watch
from probe.results.connection import Packet
from probe.spec.segment import ACK, RST, Segment

LATE = 0.05
"""Seconds by which others may have overtaken a segment. What stacks send again comes later (RFC 6298: 1 s; in practice
0.2 s), so a segment sent without need is not taken for one that was held up."""
_MOVES = 4
"""So many late segments of one end are looked for."""

Order = Sequence[int]
"""Places of packets in the record, in the order in which they are followed."""


def put_right(
    packets: Sequence[Packet], order: Order, watch: Watch, *, client: bool, follow: Callable[[Order], Watch]
) -> tuple[Watch, Order]:
    """The walk with late segments of the end put where they were sent, as far as that explains more, and its order.

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
    late = packets[order[broken]]
    if late.from_client != client:
        return []
    own = [place for place, at in enumerate(order[:broken]) if packets[at].from_client == client]
    near = [place for place in own if late.time - packets[order[place]].time <= LATE]
    ahead = [place for place in near if _acknowledges_more(packets[order[place]].segment, late.segment)]
    beyond = [place for place in near if packets[order[place]].segment.end > late.segment.end]
    ended = [place for place in near if packets[order[place]].segment.flags & RST]
    found = dict.fromkeys((*ahead[:1], *beyond[:1], *ended[:1], *near[-1:]))
    return [[*order[:place], order[broken], *order[place:broken], *order[broken + 1 :]] for place in found]


def _acknowledges_more(one: Segment, other: Segment) -> bool:
    return bool(one.flags & other.flags & ACK) and one.ack > other.ack
