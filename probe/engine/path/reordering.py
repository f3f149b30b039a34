"""Segments recorded later than they were sent: a path, or a machine with several processors, lets others overtake them.

The order of a record is that of the place where it was made. A segment that no history explains where it stands may be
explained where its own end sent it: behind others of that end in the record, before them on the wire.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from probe.engine.belief.watch import Watch
from probe.results.connection import Packet
from probe.spec.segment import ACK, RST

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
