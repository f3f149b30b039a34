"""The packet blocks of pcapng (enhanced, simple, obsolete) to a batch of records."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from probe.capture import blocks
from probe.capture.batch import NO_INTERFACE, NOT_A_PACKET, Batch, Bools, Int64, field16, field32
from probe.capture.blocks import MAX_BLOCK, NUMBERED, PACKET, SIMPLE, Interface, nanoseconds
from probe.capture.errors import CaptureError
from probe.capture.window import Window

_UNKNOWN = Interface(NO_INTERFACE)
_NUMBERED = np.array(sorted(NUMBERED), np.int64)
_FRAME = 32
"""Octets of an enhanced or obsolete block besides packet and options."""


class PacketBlocks:
    """Numbered blocks of one byte order. ``fault`` is the error of the first whose lengths contradict each other.

    Blocks from the faulty one on are left out.
    """

    def __init__(self, window: Window, offsets: Int64, order: str) -> None:
        """``offsets`` index the window's octets; each block lies wholly within them by its first length."""
        self._octets, self._base, self._order = window.octets, window.base, order
        self.fault: CaptureError | None = None
        self._take(offsets)
        wrong = self._wrong(window.size)
        if wrong.any():
            first = int(np.argmax(wrong))
            self.fault = window.fault(self._reason(first), int(offsets[first]))
            self._take(offsets[:first])

    def _reason(self, index: int) -> str:
        size = int(self._size[index])
        if size % 4:
            return blocks.impossible(int(self._kind[index]), size)
        return "a packet block whose lengths contradict each other"

    def _take(self, offsets: Int64) -> None:
        self._offsets, self._kind, self._size = offsets, self._field(offsets), self._field(offsets + 4)
        self._simple, self._packet = self._kind == SIMPLE, ~np.isin(self._kind, _NUMBERED)
        self._captured = np.where(self._packet, self._field(offsets + 20), 0)

    def _field(self, offsets: Int64) -> Int64:
        return field32(self._octets, offsets, self._order)

    def _wrong(self, end: int) -> Bools:
        """Whether the second total length differs, is no multiple of four, or leaves no room for the packet."""
        again = self._field(np.minimum(self._offsets + self._size, end) - 4)
        wrong: Bools = (again != self._size) | (self._size % 4 != 0)
        wrong |= self._packet & ~self._simple & (self._captured > self._size - _FRAME)
        return wrong

    def batch(
        self, first: int, eras: Sequence[tuple[int, int, int]], interfaces: Sequence[Interface], notes: tuple[str, ...]
    ) -> Batch:
        """The records, numbered from ``first``.

        ``eras`` says from which block on (counted among the offsets) which slice (start, count) of ``interfaces``
        holds.
        """
        which = self._interface(np.array(eras, np.int64))
        wire = self._field(self._offsets + np.where(self._simple, 8, 24))
        if self._simple.any():
            snap = np.array([i.snap or MAX_BLOCK for i in (*interfaces, _UNKNOWN)], np.int64)[which]
            simply = np.minimum(np.minimum(wire, snap), self._size - 16)
            self._captured = np.where(self._simple, simply, self._captured)
        links = np.array([i.link for i in (*interfaces, _UNKNOWN)], np.int64)
        options, options_end = self._options()
        return Batch(
            self._octets, self._base, first,
            at=self._offsets + np.where(self._simple, 12, 28),
            captured=self._captured,
            wire=np.maximum(wire, self._captured),
            time=self._times(which, interfaces),
            link=np.where(self._packet, links[which], NOT_A_PACKET),
            options=options,
            options_end=options_end,
            order=self._order,
            notes=notes,
        )  # fmt: skip

    def _interface(self, eras: Int64) -> Int64:
        """The index of each packet's interface; -1 where it is not described."""
        named = self._field(self._offsets + 8)
        obsolete = self._kind == PACKET
        if obsolete.any():
            named = np.where(obsolete, field16(self._octets, self._offsets + 8, self._order), named)
        named = np.where(self._simple, 0, named)
        era = np.searchsorted(eras[:, 0], np.arange(len(named)), "right") - 1
        return np.where(named < eras[era, 2], eras[era, 1] + named, -1)

    def _options(self) -> tuple[Int64, Int64]:
        """Where each block's options start and end; both 0 where it has none."""
        start = self._offsets + 28 + self._captured + -self._captured % 4
        end = self._offsets + self._size - 4
        present = self._packet & ~self._simple & (start + 4 <= end)
        return np.where(present, start, 0), np.where(present, end, 0)

    def _times(self, which: Int64, interfaces: Sequence[Interface]) -> Int64:
        high = self._field(self._offsets + 12).astype(np.uint64)
        ticks = (high << np.uint64(32)) | self._field(self._offsets + 16).astype(np.uint64)
        clocks = [(i.resolution, i.offset) for i in (*interfaces, _UNKNOWN)]
        if len(set(clocks[:-1])) == 1:
            clocks, which = clocks[:1], np.zeros(1, np.int64)
        resolution = np.array([resolution for resolution, _ in clocks], np.uint64)[which]
        offset = np.array([offset for _, offset in clocks], np.int64)[which]
        untimed = self._simple | ~self._packet
        return np.where(untimed, 0, nanoseconds(ticks, resolution, offset))
