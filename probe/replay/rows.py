"""The TCP segments of many chunks as plain arrays, without the file's octets: what connections are assembled from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from probe.capture.batch import Bools, Int64
from probe.capture.reader import Chunk
from probe.replay.syn_options import OptionTable

UInt32 = NDArray[np.uint32]
Places = NDArray[np.int32] | NDArray[np.intp]
"""Indices of rows, or of connections."""

_HALF = np.uint32(1 << 31)


@dataclass(frozen=True, slots=True)
class Rows:
    """One entry a segment. ``end`` is SEG.SEQ + SEG.LEN, ``option`` a number of the `OptionTable`.

    ``trusted``: was found in order once; segments before it may have been folded away. ``old``: carried over from the
    rows before; once bridges are in, it marks those.
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
    old: Bools

    def __len__(self) -> int:
        return len(self.flow)

    def take(self, chosen: NDArray[np.intp] | Bools | slice) -> Rows:
        """The chosen rows."""
        if isinstance(chosen, slice):
            return Rows(*(getattr(self, name)[chosen] for name in NAMES))
        places = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen
        return Rows(*(getattr(self, name).take(places) for name in NAMES))


KINDS = (
    np.int64, np.bool_, np.uint8, np.uint32, np.uint32, np.uint32, np.uint16, np.uint32,
    np.int64, np.int64, np.int32, np.bool_, np.bool_,
)  # fmt: skip
"""The type of each column."""
NAMES = tuple(column.name for column in fields(Rows))


def joined(parts: Sequence[Rows]) -> Rows:
    """The rows of all parts (at least one), in order."""
    if len(parts) == 1:
        return parts[0]
    return Rows(*(np.concatenate([getattr(part, name) for part in parts]) for name in NAMES))


def by_flow(parts: list[Rows]) -> Rows:
    """The rows of all parts (at least one) sorted by flow. Column by column, as there is much of them."""
    order = np.argsort(np.concatenate([part.flow for part in parts]), kind="stable")
    return Rows(*(np.concatenate([getattr(part, name) for part in parts]).take(order) for name in NAMES))


def of_chunk(chunk: Chunk, options: OptionTable) -> Rows:
    """The rows of a chunk; nothing in them refers to its octets."""
    columns = chunk.columns
    ends = columns.length + (columns.flags >> 1 & 1) + (columns.flags & 1)  # SYN and FIN count as one octet each
    return Rows(
        columns.flow, columns.from_high, columns.flags, columns.seq,
        columns.seq + ends.astype(np.uint32),
        columns.ack, columns.window, columns.length.astype(np.uint32), chunk.number, chunk.time,
        options.of(chunk, chunk.octets),
        np.zeros(len(chunk), np.bool_),
        np.zeros(len(chunk), np.bool_),
    )  # fmt: skip


def ahead(numbers: UInt32, of: UInt32) -> Bools:
    """Which numbers lie at or ahead of others in sequence space (RFC 9293 section 3.4)."""
    found: Bools = (numbers - of) < _HALF
    return found


def last_before(chosen: Bools) -> Places:
    """For each place the index of the last chosen one before it, -1 for none."""
    places = np.where(chosen, np.arange(len(chosen), dtype=np.int32), np.int32(-1))
    found = np.full(len(chosen), -1, np.int32)
    np.maximum.accumulate(places[:-1], out=found[1:])
    return found
