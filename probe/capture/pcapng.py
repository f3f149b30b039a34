"""pcapng: sections, interfaces and the packet blocks of one window after the other."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from probe.capture import blocks
from probe.capture.batch import Batch
from probe.capture.blocks import ENHANCED, INTERFACE, MAX_BLOCK, NUMBERED, PACKET, SECTION, SIMPLE, Interface
from probe.capture.packet_blocks import PacketBlocks
from probe.capture.window import Window

MAX_INTERFACES = 1 << 16
_LEAST = {SECTION: 28, INTERFACE: 20, PACKET: 32, SIMPLE: 16, ENHANCED: 32}
_FRAME = 12  # type and the two total lengths


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

    def __init__(self, window: Window, context: Context | None = None, end: int | None = None) -> None:
        """Start where the window stands; stop at the first block that starts at or past ``end``.

        ``context`` is copied.
        """
        self.window = window
        self.context = context.copy() if context else Context()
        self._end = end
        self._notes: list[str] = []
        self._eras: list[tuple[int, int, int]] = [(0, 0, len(self.context.interfaces))]

    def batches(self, first: int = 1) -> Iterator[Batch]:
        """The packets; CaptureError at the first block that is cut off or cannot be true, after all before it."""
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
        kind, size = self._head(window.at)
        if not self.context.order:
            raise window.fault("a pcapng section of unknown byte order")
        if size < _LEAST.get(kind, _FRAME) or size % 4:
            raise window.fault(blocks.impossible(kind, size))
        if kind == INTERFACE and self._eras[-1][2] >= MAX_INTERFACES:
            raise window.fault(f"a section describes more than {MAX_INTERFACES} interfaces")
        if size > MAX_BLOCK:
            raise window.fault(f"a block claims {size} octets, more than any capture holds")
        if not window.ensure(size):
            raise window.ends("a block")
        return True

    def _head(self, at: int) -> tuple[int, int]:
        """Type and length of a block. A section header brings its own byte order, which holds from here on."""
        head = self.window.octets[at : at + _FRAME].tobytes()
        if head.startswith(b"\x0a\x0d\x0d\x0a"):
            self.context.order = blocks.byte_order(head)
        kind, size = struct.unpack_from(f"{self.context.order or '<'}II", head)
        return kind, size

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
        if kind == SECTION and blocks.byte_order(octets[at : at + _FRAME].tobytes()) != context.order:
            return False
        if length < _LEAST.get(kind, _FRAME) or length % 4 or at + length > self.window.size or length > MAX_BLOCK:
            return False
        body = octets[at + 8 : at + length - 4].tobytes() if kind in (SECTION, INTERFACE) else b""
        if kind == SECTION:
            self._notes.extend(blocks.comments(body[16:], context.order))
            self._eras.append((len(found), len(context.interfaces), 0))
        elif kind == INTERFACE:
            _, base, count = self._eras[-1]
            if count >= MAX_INTERFACES:
                return False
            context.interfaces.append(blocks.interface(body, context.order))
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
