"""The TCP segments of many chunks as plain arrays, without the file's octets: what connections are assembled from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from probe.capture.batch import Bools, Int64, Table
from probe.capture.reader import Chunk
from probe.replay.syn_options import OptionTable
from probe.spec.segment import ACK, SYN

UInt32 = NDArray[np.uint32]
Places = NDArray[np.int32] | NDArray[np.intp]
"""Indices of rows, or of connections."""

_HALF = np.uint32(1 << 31)


@dataclass(frozen=True, slots=True)
class Rows(Table):
    """One entry a segment. ``end`` is SEG.SEQ + SEG.LEN, ``option`` a number of the `OptionTable`.

    ``trusted``: was found in order once; segments before it may have been folded away. ``late``: at or behind the first
    segment out of order of its connection: nothing from there on is folded. ``cut``: the worst of what was cut away
    before it; ``kind``: what the row was found to be then (both of `cutting`, 0: nothing). ``old``: carried over
    from the rows before; once bridges are in, it marks those.
    """

    flow: Int64
    from_high: Bools
    flags: NDArray[np.uint8]
    seq: UInt32
    end: UInt32
    ack: UInt32
    window: NDArray[np.uint16]
    length: UInt32
    number: Int64
    time: Int64
    option: NDArray[np.int32]
    trusted: Bools
    late: Bools
    cut: NDArray[np.uint8]
    kind: NDArray[np.uint8]
    old: Bools


def of_chunk(chunk: Chunk, options: OptionTable) -> Rows:
    """The rows of a chunk; nothing in them refers to its octets."""
    columns = chunk.columns
    no, nothing = np.zeros(len(chunk), np.bool_), np.zeros(len(chunk), np.uint8)
    ends = columns.length + (columns.flags >> 1 & 1) + (columns.flags & 1)  # SYN and FIN count as one octet each
    return Rows(
        columns.flow, columns.from_high, columns.flags, columns.seq,
        columns.seq + ends.astype(np.uint32),
        columns.ack, columns.window, columns.length.astype(np.uint32), chunk.number, chunk.time,
        options.of(chunk),
        no, no,
        nothing, nothing,
        no,
    )  # fmt: skip


def ahead(numbers: UInt32, of: UInt32) -> Bools:
    """Which numbers lie at or ahead of others in sequence space (RFC 9293 section 3.4)."""
    found: Bools = (numbers - of) < _HALF
    return found


class Grouped:
    """Rows sorted by connection: ``starts`` of each, ``connection`` and ``from_client`` of each row.

    ``mine`` and ``other``: the last row before it of the same and of the other end, in the connection; -1 for none.
    """

    def __init__(self, rows: Rows, starts: Places, from_client: Bools | None = None) -> None:
        """``from_client`` is found out where it is not given."""
        self.rows = rows
        self.starts = starts
        if from_client is None:
            # The client sent the first SYN; where none is seen it is the end that did not send the SYN,ACK; where that
            # is not seen either, the end that spoke first.
            opening, teller = rows.flags & (SYN | ACK), starts.copy()
            plain = opening[starts] == SYN
            for kind in (SYN | ACK, SYN) if not plain.all() else ():
                found = np.minimum.reduceat(np.where(opening == kind, np.arange(len(rows)), len(rows)), starts)
                teller = np.where((found < self.ends) & ~plain, found, teller)
            client_high = rows.from_high[teller] ^ (opening[teller] == (SYN | ACK))
            from_client = rows.from_high == client_high[self.connection]
        self.from_client: Bools = from_client

    @cached_property
    def ends(self) -> NDArray[np.intp]:
        """Where each connection ends."""
        return np.append(self.starts[1:], len(self.rows)).astype(np.intp, copy=False)

    @cached_property
    def sizes(self) -> NDArray[np.intp]:
        """How many rows each connection has."""
        return self.ends - self.starts

    @cached_property
    def connection(self) -> NDArray[np.int32]:
        """The connection of each row."""
        return np.repeat(np.arange(len(self.starts), dtype=np.int32), self.sizes)

    def __reduce__(self) -> tuple[type[Grouped], tuple[Rows, Places, Bools]]:
        """Only what the rest is made from is sent to another process."""
        return Grouped, (self.rows, self.starts, self.from_client)

    @cached_property
    def _neighbours(self) -> tuple[Places, Places]:
        by_client, by_server = _last_before(self.from_client), _last_before(~self.from_client)
        mine = np.where(self.from_client, by_client, by_server)
        other = by_client + by_server - mine
        begin = self.starts.astype(np.int32)[self.connection]
        mine[mine < begin] = -1
        other[other < begin] = -1
        return mine, other

    @property
    def mine(self) -> Places:
        """For each row the last one before it of the same end."""
        return self._neighbours[0]

    @property
    def other(self) -> Places:
        """For each row the last one before it of the other end."""
        return self._neighbours[1]

    @property
    def doubtful(self) -> Bools:
        """Connections in which the end that spoke first sends a SYN,ACK too, or the other end a SYN.

        In all others the first SYN tells its sender's ISN: a SYN of that end with another number is no part of it.
        """
        rows, opening = self.rows, self.rows.flags & (SYN | ACK)
        same = rows.from_high == rows.from_high[self.starts][self.connection]
        found = np.zeros(len(self.starts), np.bool_)
        found[self.connection[((opening == SYN) & ~same) | ((opening == SYN | ACK) & same)]] = True
        return found

    def first(self, chosen: Bools) -> Places:
        """The first chosen row of each connection; the end of the connection where there is none."""
        found = np.flatnonzero(chosen)
        places = np.append(found, len(self.rows))[np.searchsorted(found, self.starts)]
        first: Places = np.minimum(places, self.ends)
        return first

    def take(self, chosen: Bools) -> Grouped:
        """The chosen rows; some of every connection."""
        if chosen.all():
            return self
        sizes = np.add.reduceat(chosen.astype(np.int64), self.starts)
        places = np.flatnonzero(chosen)
        return Grouped(self.rows.take(places), np.cumsum(sizes) - sizes, self.from_client[places])

    def of(self, chosen: Bools) -> Grouped:
        """The chosen connections."""
        return self if chosen.all() else self.at(np.flatnonzero(chosen))

    def at(self, connections: Places) -> Grouped:
        """The connections at these places, in the order given."""
        sizes = self.sizes[connections]
        starts = np.cumsum(sizes) - sizes
        places = np.repeat(self.starts[connections] - starts, sizes) + np.arange(int(sizes.sum()))
        return Grouped(self.rows.take(places), starts, self.from_client[places])

    def marked(self, **columns: NDArray[Any]) -> Grouped:
        """The same with other columns of rows."""
        changed: dict[str, Any] = dict(columns)
        return Grouped(replace(self.rows, **changed), self.starts, self.from_client)


def _last_before(chosen: Bools) -> Places:
    """For each place the index of the last chosen one before it, -1 for none."""
    places = np.where(chosen, np.arange(len(chosen), dtype=np.int32), np.int32(-1))
    found = np.full(len(chosen), -1, np.int32)
    np.maximum.accumulate(places[:-1], out=found[1:])
    return found
