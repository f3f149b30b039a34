"""TCP options of SYN segments, interned: stacks send few different lists, once the time stamps are set to zero."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from probe.capture.batch import Int64
from probe.capture.reader import Chunk
from probe.spec.segment import EOL, NOP, SYN, TIMESTAMPS, WSCALE, Option, Segment
from probe.spec.seq import Seq
from probe.wire.options import ROOM, parse

_MOST = 1 << 16
_CUT = 64
"""Marks the length of a list that was captured only in part: what it lacks is no fault."""

OptionList = tuple[tuple[Option, ...], tuple[str, ...], bool]
"""Options of a segment, its faults in words, and whether the options are all that it has."""


class OptionTable:
    """Small numbers for lists of options (and faults); 0 is none of either. Shared by all chunks of a reading."""

    def __init__(self) -> None:
        self.known: list[OptionList] = [((), (), True)]
        self._numbers: dict[OptionList, int] = {self.known[0]: 0}
        self._raw: dict[bytes, int] = {}

    def number(self, options: tuple[Option, ...], faults: tuple[str, ...] = (), *, whole: bool = True) -> int:
        """The number of a list, a new one where it is not known.

        Of a list stays what decides anything, in a fixed order: window scale, whether there are time stamps, the first
        fault. So few lists remain that no file can fill the memory with them.
        """
        first: dict[int, Option] = {}
        for option in options:
            if option.fault:
                first.setdefault(-1, Option(option.kind, fault=option.fault))
            elif option.kind == WSCALE and len(option.data) == 1:
                first.setdefault(option.kind, Option(option.kind, bytes([min(option.data[0], 14)])))
            elif option.kind == TIMESTAMPS and len(option.data) == 8:
                first.setdefault(option.kind, Option(option.kind, bytes(8)))
        known = tuple(first[kind] for kind in sorted(first)), faults, whole
        if known not in self._numbers:
            self._numbers[known] = len(self.known)
            self.known.append(known)
        return self._numbers[known]

    def scale(self, number: int) -> int:
        """The window scale of a SYN with them, -1 for none (RFC 7323 section 2.2: at most 14)."""
        options, _, whole = self.known[number]
        found = Segment(Seq(0), flags=SYN, options=options, options_known=whole).window_scale
        return -1 if found is None else found

    def of(self, chunk: Chunk) -> NDArray[np.int32]:
        """The number for each row of a chunk. Options of segments without SYN decide nothing and count as none."""
        columns = chunk.columns
        numbers = np.zeros(len(chunk), np.int32)
        for row in np.flatnonzero(columns.odd):
            segment = chunk.exact(int(row)).segment
            faults = tuple(fault for fault in segment.faults if fault != "checksum")  # that is left to the exact reader
            whole = segment.options_known or not segment.flags & SYN
            numbers[row] = self.number(segment.options if segment.flags & SYN else (), faults, whole=whole)
        opening = np.flatnonzero((columns.flags & SYN != 0) & columns.options & ~columns.odd)
        if opening.size:
            numbers[opening] = self._read(chunk, opening)
        return numbers

    def _read(self, chunk: Chunk, rows: NDArray[np.intp]) -> NDArray[np.int32]:
        """The numbers of ordinary SYNs: each distinct text is parsed once, whatever its time stamps."""
        octets, tcp = chunk.octets, chunk.columns.tcp[rows]
        size = (octets[tcp + 12] >> 4).astype(np.int64) * 4 - 20
        captured = chunk.columns.ip[rows] + chunk.columns.room[rows] - tcp - 20
        every: NDArray[Any] = np.ndarray((octets.size - ROOM + 1,), f"V{ROOM}", octets, strides=(1,))
        texts = every[tcp + 20].view(np.uint8).reshape(-1, ROOM).copy()
        known = np.minimum(size, captured)
        texts[np.arange(ROOM) >= known[:, None]] = 0
        _stop_clocks(texts, known)
        lengths = np.where(size > captured, known | _CUT, known)
        keys = np.concatenate((texts, lengths[:, None].astype(np.uint8)), axis=1)
        view: NDArray[Any] = np.ascontiguousarray(keys).view(f"V{ROOM + 1}").ravel()
        _, firsts, which = np.unique(view, return_index=True, return_inverse=True)
        if len(self._raw) > _MOST:
            self._raw.clear()
        found = []
        for first in firsts:
            key = view[first].tobytes()
            if key not in self._raw:
                cut = key[-1] & _CUT
                options = chunk.exact(int(rows[first])).segment.options if cut else parse(key[: key[-1]])
                self._raw[key] = self.number(options, whole=not cut)
            found.append(self._raw[key])
        return np.array(found, np.int32)[which.ravel()]


def _stop_clocks(texts: NDArray[np.uint8], size: Int64) -> None:
    """Zero the values of every well-formed Timestamps option, walking all lists side by side."""
    rows, at = np.arange(len(texts)), np.zeros(len(texts), np.int64)
    while rows.size:
        kind, length = texts[rows, at], texts[rows, np.minimum(at + 1, ROOM - 1)].astype(np.int64)
        stamps = (kind == TIMESTAMPS) & (length == 10) & (at + 10 <= size[rows])
        if stamps.any():
            texts[rows[stamps, None], at[stamps, None] + np.arange(2, 10)] = 0
        at = at + np.where(kind == NOP, 1, length)
        alive = (kind != EOL) & ((kind == NOP) | (length >= 2)) & (at < size[rows])
        rows, at = rows[alive], at[alive]
