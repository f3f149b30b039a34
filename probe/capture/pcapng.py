"""pcapng: sections, interfaces and their clocks, and the packet blocks of one window after the other."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from probe.capture.batch import NO_INTERFACE, NOT_A_PACKET, Batch, Int64, field16, field32
from probe.capture.errors import CaptureError
from probe.capture.window import Window

Unsigned = NDArray[np.uint64]

SECTION, INTERFACE, PACKET, SIMPLE, ENHANCED = 0x0A0D0D0A, 1, 2, 3, 6
NUMBERED = frozenset((0x09, 0x204, 0x216, 0x221, 0x0BAD, 0x40000BAD))
"""Journal entries, system calls and custom blocks: no packets, but Wireshark numbers them like packets."""
MAX_BLOCK = 16 << 20
"""Wireshark's bound on one block; a larger claim means that the file is damaged."""

_COMMENT, _RESOLUTION, _OFFSET = 1, 9, 14
_GIGA = 1_000_000_000
_TENS = np.array([10**power for power in range(20)], np.uint64)
MAX_INTERFACES = 1 << 16
_LEAST = {SECTION: 28, INTERFACE: 20, PACKET: 32, SIMPLE: 16, ENHANCED: 32}
_FRAME = 12  # type and the two total lengths


@dataclass(frozen=True, slots=True)
class Interface:
    """An interface: link type, snap length (0: none), and its clock as if_tsresol and if_tsoffset give it."""

    link: int
    snap: int = 0
    resolution: int = 6
    offset: int = 0


def nanoseconds(ticks: Unsigned, resolution: Unsigned, offset: Int64) -> Int64:
    """Nanoseconds since 1970 for time stamps in units of ``resolution`` (if_tsresol), ``offset`` seconds late.

    The last two have one entry a stamp, or one for all. Absurd clocks wrap around, they do not fail.
    """
    exponent = resolution & np.uint64(0x7F)
    up = _TENS[9 - np.minimum(exponent, np.uint64(9)).astype(np.int64)]
    down = _TENS[np.clip(exponent.astype(np.int64) - 9, 0, 19)]
    scaled: Unsigned = ticks * up
    if (down > 1).any():
        scaled //= down
    binary = resolution > 0x7F
    if binary.any():
        exponent = np.minimum(exponent, np.uint64(63))
        whole, part = ticks >> exponent, ticks & ((np.uint64(1) << exponent) - np.uint64(1))
        kept = np.minimum(exponent, np.uint64(34))  # a 34-bit fraction times 10**9 is the most that fits
        fraction = (part >> (exponent - kept)) * np.uint64(_GIGA) >> kept
        scaled = np.where(binary, whole * np.uint64(_GIGA) + fraction, scaled)
    return scaled.astype(np.int64) + offset * np.int64(_GIGA)


def impossible(kind: int, size: int) -> str:
    """What to say of a block whose total length no block can have."""
    return f"a block of type {kind:#x} claims {size} octets, which cannot be"


def byte_order(data: bytes) -> str:
    """The byte order of a section, from its header's magic at octets 8 to 11; empty for no known magic."""
    return {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}.get(data[8:12], "")


def interface(body: bytes, order: str) -> Interface:
    """The interface that a description block's body (at least eight octets) gives."""
    link, snap = struct.unpack_from(f"{order}HxxI", body)
    resolution, offset = 6, 0
    for code, value in options(body[8:], order):
        if code == _RESOLUTION and value:
            resolution = value[0]
        elif code == _OFFSET and len(value) >= 8:
            (offset,) = struct.unpack_from(f"{order}q", value)
    return Interface(link, snap, resolution, offset)


def options(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """(code, value) of each option until opt_endofopt, the end, or a length that leads past the end."""
    at = 0
    while at + 4 <= len(data):
        code, length = struct.unpack_from(f"{order}HH", data, at)
        if code == 0 or at + 4 + length > len(data):
            return
        yield code, data[at + 4 : at + 4 + length]
        at += 4 + length + -length % 4


def comments(data: bytes, order: str) -> tuple[str, ...]:
    """The comments among the options."""
    return tuple(value.decode("utf-8", "replace") for code, value in options(data, order) if code == _COMMENT)


@dataclass(slots=True)
class Context:
    """What a packet block's meaning hangs on: the section's byte order and the interfaces described so far."""

    order: str = ""
    interfaces: list[Interface] = field(default_factory=list)

    def copy(self) -> Context:
        """The context as it stands, to go on from elsewhere."""
        return Context(self.order, list(self.interfaces))


class Walker:
    """Goes from block to block. The order and the interfaces of ``context`` grow as their blocks come by."""

    def __init__(self, window: Window, context: Context | None = None) -> None:
        """Start where the window stands; ``context`` is copied."""
        self.window = window
        self.context = context.copy() if context else Context()
        self._end: int | None = None
        self._notes: list[str] = []
        self._eras: list[tuple[int, int, int]] = [(0, 0, len(self.context.interfaces))]

    def batches(self, first: int = 1, end: int | None = None) -> Iterator[Batch]:
        """The packets up to the first block that starts at or past ``end``; may be asked again for those behind it.

        CaptureError at the first block that is cut off or cannot be true, after all before it.
        """
        self._end = end
        for found in self.steps():
            packets = PacketBlocks(self.window, np.array(found, np.int64), self.context.order)
            batch = packets.batch(first, self._eras, self.context.interfaces, tuple(self._notes))
            self.prune()
            first += len(batch)
            if len(batch) or batch.notes:
                yield batch
            if packets.fault is not None:
                raise packets.fault

    def steps(self) -> Iterator[list[int]]:
        """Window by window, where the numbered blocks start. ``prune`` between the steps; CaptureError at the end."""
        while (self._end is None or self.window.offset < self._end) and self._whole():
            yield self._walk()

    def _whole(self) -> bool:
        """Whether a whole block follows, and a section where the file starts; False at the end of the file."""
        window = self.window
        if not window.ensure(_FRAME):
            if window.exhausted:
                return False
            raise window.ends("a block")
        head = window.octets[window.at : window.at + _FRAME].tobytes()
        if head.startswith(b"\x0a\x0d\x0d\x0a"):  # a section brings its own byte order, which holds from here on
            self.context.order = byte_order(head)
        kind, size = struct.unpack_from(f"{self.context.order or '<'}II", head)
        if not self.context.order:
            raise window.fault("a pcapng section of unknown byte order")
        if size < _LEAST.get(kind, _FRAME) or size % 4:
            raise window.fault(impossible(kind, size))
        if kind == INTERFACE and self._eras[-1][2] >= MAX_INTERFACES:
            raise window.fault(f"a section describes more than {MAX_INTERFACES} interfaces")
        if size > MAX_BLOCK:
            raise window.fault(f"a block claims {size} octets, more than any capture holds")
        if not window.ensure(size):
            raise window.ends("a block")
        return True

    def _walk(self) -> list[int]:
        """The offsets of the numbered blocks up to the window's end or a change of byte order; moves the window."""
        window, order = self.window, self.context.order
        read, view, last = struct.Struct(f"{order}II").unpack_from, window.octets.data, window.size - _FRAME
        if self._end is not None:
            last = min(last, self._end - window.base - 1)
        found: list[int] = []
        append = found.append
        at, size = window.at, window.size
        while at <= last:
            kind, length = read(view, at)
            after = at + length
            if kind == ENHANCED and at + 32 <= after <= size:
                append(at)
            elif not self._other(kind, length, at, found):
                break
            at = after
        window.at = at
        return found

    def _other(self, kind: int, length: int, at: int, found: list[int]) -> bool:
        """Take in a block that is no enhanced packet; False where the walk must stop: not whole, or not true."""
        octets, context = self.window.octets, self.context
        if kind == SECTION and byte_order(octets[at : at + _FRAME].tobytes()) != context.order:
            return False
        if length < _LEAST.get(kind, _FRAME) or length % 4 or at + length > self.window.size or length > MAX_BLOCK:
            return False
        body = octets[at + 8 : at + length - 4].tobytes() if kind in (SECTION, INTERFACE) else b""
        if kind == SECTION:
            self._notes.extend(comments(body[16:], context.order))
            self._eras.append((len(found), len(context.interfaces), 0))
        elif kind == INTERFACE:
            _, base, count = self._eras[-1]
            if count >= MAX_INTERFACES:
                return False
            context.interfaces.append(interface(body, context.order))
            self._eras.append((len(found), base, count + 1))
        elif kind in (PACKET, SIMPLE) or kind in NUMBERED:
            found.append(at)
        return True

    def prune(self) -> None:
        """Forget the interfaces of earlier sections."""
        _, base, count = self._eras[-1]
        del self.context.interfaces[:base]
        self._eras = [(0, 0, count)]
        self._notes.clear()


_UNKNOWN = Interface(NO_INTERFACE)
_NUMBERED = np.array(sorted(NUMBERED), np.int64)
_AROUND = 32
"""Octets of an enhanced or obsolete block besides packet and options."""


class PacketBlocks:
    """Numbered blocks of one byte order. ``fault`` is the error of the first whose lengths contradict each other.

    Blocks from the faulty one on are left out.
    """

    def __init__(self, window: Window, offsets: Int64, order: str) -> None:
        """``offsets`` index the window's octets; each block lies wholly within them by its first length."""
        self._octets, self._order = window.octets, order
        self.fault: CaptureError | None = None
        self._take(offsets)
        again = self._field(np.minimum(offsets + self._size, window.size) - 4)
        wrong = (again != self._size) | (self._size % 4 != 0)
        wrong |= self._packet & ~self._simple & (self._captured > self._size - _AROUND)
        if wrong.any():
            first = int(np.argmax(wrong))
            kind, size = int(self._kind[first]), int(self._size[first])
            reason = impossible(kind, size) if size % 4 else "a packet block whose lengths contradict each other"
            self.fault = window.fault(reason, int(offsets[first]))
            self._take(offsets[:first])

    def _take(self, offsets: Int64) -> None:
        self._offsets, self._kind, self._size = offsets, self._field(offsets), self._field(offsets + 4)
        self._simple, self._packet = self._kind == SIMPLE, ~np.isin(self._kind, _NUMBERED)
        self._captured = np.where(self._packet, self._field(offsets + 20), 0)

    def _field(self, offsets: Int64) -> Int64:
        return field32(self._octets, offsets, self._order)

    def batch(
        self, first: int, eras: Sequence[tuple[int, int, int]], interfaces: Sequence[Interface], notes: tuple[str, ...]
    ) -> Batch:
        """The records, numbered from ``first``.

        ``eras`` says from which block on (counted among the offsets) which slice (start, count) of ``interfaces``
        holds.
        """
        named = self._field(self._offsets + 8)
        if (obsolete := self._kind == PACKET).any():
            named = np.where(obsolete, field16(self._octets, self._offsets + 8, self._order), named)
        named = np.where(self._simple, 0, named)
        holding = np.array(eras, np.int64)
        holding = holding[np.searchsorted(holding[:, 0], np.arange(len(named)), "right") - 1]
        which = np.where(named < holding[:, 2], holding[:, 1] + named, -1)  # -1: it is not described
        wire = self._field(self._offsets + np.where(self._simple, 8, 24))
        if self._simple.any():
            snap = np.array([i.snap or MAX_BLOCK for i in (*interfaces, _UNKNOWN)], np.int64)[which]
            simply = np.minimum(np.minimum(wire, snap), self._size - 16)
            self._captured = np.where(self._simple, simply, self._captured)
        links = np.array([i.link for i in (*interfaces, _UNKNOWN)], np.int64)
        options, options_end = self._offsets + 28 + self._captured + -self._captured % 4, self._offsets + self._size - 4
        optional = self._packet & ~self._simple & (options + 4 <= options_end)
        return Batch(
            self._octets, first,
            at=self._offsets + np.where(self._simple, 12, 28),
            captured=self._captured,
            wire=np.maximum(wire, self._captured),
            time=self._times(which, interfaces),
            link=np.where(self._packet, links[which], NOT_A_PACKET),
            options=np.where(optional, options, 0),
            options_end=np.where(optional, options_end, 0),
            order=self._order,
            notes=notes,
        )  # fmt: skip

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
