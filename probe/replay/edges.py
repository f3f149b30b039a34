"""Connections at the edges of a part, to which other parts may have more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from probe.capture.batch import Bools, Int64
from probe.replay.assembling import Connections, Facts, sorted_by_flow
from probe.replay.rows import Grouped
from probe.spec.segment import ACK, SYN


@dataclass(slots=True)
class Edge:
    """Some connections, sorted by flow unless ``flow`` is changed, and the places of what each is by itself.

    ``plain``: begins with a SYN without payload of number ``isn`` (``high``: sent by the high end), and no other
    segment makes its numbers doubtful: the next SYN of that end with another number begins another connection.
    """

    connections: Connections
    found: Int64
    flow: Int64
    plain: Bools
    isn: NDArray[np.uint32]
    high: Bools


def edge_of(connections: Connections, found: Int64) -> Edge:
    """The edge of connections as they were assembled."""
    group = connections.group
    rows, starts = group.rows, group.starts
    opening, high = rows.flags & (SYN | ACK), rows.from_high[starts]
    plain = (opening[starts] == SYN) & (rows.length[starts] == 0)
    same = rows.from_high == high[group.connection]
    plain[group.connection[((opening == SYN) & ~same) | ((opening == SYN | ACK) & same)]] = False
    light = group.marked(flow=np.zeros(len(rows), np.uint8), old=np.zeros(0, np.bool_))
    return Edge(Connections(light, connections.facts), found, connections.facts.flow, plain, rows.seq[starts], high)


@dataclass(frozen=True, slots=True)
class Held:
    """Connections of any edges: what must be at hand of each. Their segments stay where they are (see `Store`).

    ``edge`` and ``place`` say where; ``rank`` is that of its record, ``found`` the record's place.
    """

    facts: Facts
    found: Int64
    plain: Bools
    isn: NDArray[np.uint32]
    high: Bools
    edge: Int64
    place: Int64

    def __len__(self) -> int:
        return len(self.found)

    @property
    def flow(self) -> Int64:
        """The flow of each connection."""
        return self.facts.flow

    def take(self, chosen: Bools | NDArray[np.intp]) -> Held:
        """The chosen connections."""
        return Held(self.facts.take(chosen), *(getattr(self, name)[chosen] for name in _COLUMNS))

    def indexed(self, index: Int64) -> Held:
        """The same with other indices."""
        return replace(self, facts=replace(self.facts, index=index))


_COLUMNS = ("found", "plain", "isn", "high", "edge", "place")
NOBODY = Held(
    Connections.none().facts,
    np.zeros(0, np.int64),
    np.zeros(0, np.bool_),
    np.zeros(0, np.uint32),
    np.zeros(0, np.bool_),
    np.zeros(0, np.int64),
    np.zeros(0, np.int64),
)


def together(parts: Sequence[Held]) -> Held:
    """The connections of all parts sorted by flow; of one flow in the order of the parts."""
    some = [part for part in parts if len(part)]
    if not some:
        return NOBODY
    names = Facts.__slots__
    facts = Facts(*(np.concatenate([getattr(part.facts, name) for part in some]) for name in names))
    columns = [np.concatenate([getattr(part, name) for part in some]) for name in _COLUMNS]
    return Held(facts, *columns).take(np.argsort(facts.flow, kind="stable"))


class Store:
    """The segments of edges, fetched when they are needed; ``options`` are numbers of one common table."""

    def __init__(self) -> None:
        self._edges: dict[int, tuple[Connections, int, NDArray[np.int32]]] = {}
        self._next = 0

    def add(self, edge: Edge, flow: Int64, found: Int64, by: int, options: NDArray[np.int32]) -> Held:
        """Keep an edge.

        Its flows and records are ``flow`` and ``found`` to us, its packet numbers grow by ``by``, ``options`` are our
        numbers for its options.
        """
        number, self._next = self._next, self._next + 1
        self._edges[number] = edge.connections, by, options
        facts = edge.connections.facts
        facts = replace(facts, flow=flow, first=facts.first + by)
        count = len(found)
        held = Held(facts, found, edge.plain, edge.isn, edge.high, np.full(count, number), np.arange(count))
        return together([held])

    def fetch(self, held: Held) -> Connections:
        """The connections with their segments, in the order of ``held``, which is sorted by flow."""
        parts = []
        order: list[Int64] = []
        for number in np.unique(held.edge):
            connections, by, options = self._edges[int(number)]
            mine = np.flatnonzero(held.edge == number)
            group = connections.group
            group = group.marked(old=np.zeros(len(group.rows), np.bool_)).at(held.place[mine])
            rows = replace(
                group.rows,
                flow=np.repeat(held.flow[mine], group.sizes),
                number=group.rows.number + by,
                option=options[group.rows.option],
            )
            parts.append(Connections(Grouped(rows, group.starts, group.from_client), held.facts.take(mine)))
            order.append(mine)
        return sorted_by_flow(parts, np.concatenate(order))

    def prune(self, held: Held) -> Held:
        """Let go of edges none of whose connections is held; those with few left are copied out of theirs."""
        left = set(np.unique(held.edge).tolist())
        for number in [number for number in self._edges if number not in left]:
            del self._edges[number]
        sizes = {number: int((held.edge == number).sum()) for number in left}
        few = [number for number in left if sizes[number] * 4 < len(self._edges[number][0])]
        if not few:
            return held
        moved = np.isin(held.edge, few)
        connections = self.fetch(held.take(moved))
        number, self._next = self._next, self._next + 1
        self._edges[number] = connections, 0, _identity(connections)
        for old in few:
            del self._edges[old]
        edge, place = held.edge.copy(), held.place.copy()
        edge[moved], place[moved] = number, np.arange(len(connections))
        return replace(held, edge=edge, place=place)


def _identity(connections: Connections) -> NDArray[np.int32]:
    return np.arange(int(connections.group.rows.option.max(initial=0)) + 1, dtype=np.int32)
