"""One connection out of a capture file, all of its packets; memory is bounded by it and the four-tuples before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from probe.capture.errors import CaptureError
from probe.capture.reader import Chunk, Reading
from probe.replay.splitting import GONE, is_over
from probe.replay.views.wireshark import Numbers, after, starts_new
from probe.results.connection import Packet
from probe.spec.segment import ACK, SYN, Endpoint, Segment
from probe.spec.seq import Seq
from probe.wire.errors import TargetError

MOST = 20_000
"""Packets of a connection that can be re-enacted."""
_NANO = 1e-9


@dataclass(frozen=True, slots=True)
class CapturedConnection:
    """The connection: its number in the capture from 0, both ends, its packets in the order of the file.

    ``warning`` says what of the file could not be read, else it is empty.
    """

    index: int
    client: Endpoint
    server: Endpoint
    packets: tuple[Packet, ...]
    warning: str = ""


@dataclass(slots=True)
class _Known:
    """What tells where the next connection on a four-tuple begins. ``from_high`` plays the client in ``numbers``."""

    index: int
    numbers: Numbers = field(default_factory=Numbers)
    last: int = 0
    kinds: set[tuple[int, bool]] = field(default_factory=set)


def extract(path: str, index: int | None = None) -> CapturedConnection:
    """The connection with this number; None: the first one whose client's SYN was captured.

    CaptureError for a file that is none, TargetError where it has no such connection.
    """
    search = _Search(index)
    warning = ""
    reading = Reading(path)
    try:
        for chunk in reading:
            search.look(chunk)
            if search.done:
                break
    except CaptureError as error:
        if search.flow is None:
            raise
        warning = f"{error}; the rest of the file was not read"
    if search.flow is None:
        count = f"{search.begun:,} connection{'s' if search.begun > 1 else ''}"
        if not search.begun:
            skipped = ", ".join(f"{count:,} {reason}" for reason, count in reading.skipped.most_common(3))
            reason = f"{path} holds no TCP connection ({skipped or 'no packet at all'}); name another capture"
        elif index is None:
            reason = f"none of the {count} in {path} has its client's SYN captured; there is nothing to open one with"
        else:
            reason = f"{path} has no connection {index}: it holds {count}, numbered from 0"
        raise TargetError(reason)
    low, high = reading.addresses.ends(search.flow)
    client, server = (high, low) if search.client_high else (low, high)
    return CapturedConnection(search.index, client, server, tuple(search.packets), warning)


class _Search:
    """Numbers connections as `probe replay` does until the wanted one begins, then keeps that one's packets."""

    def __init__(self, wanted: int | None) -> None:
        self.wanted = wanted
        self.begun = 0
        self.flow: int | None = None
        self.client_high = False
        self.index = -1
        self.packets: list[Packet] = []
        self.done = False
        self._known: dict[int, _Known] = {}

    def look(self, chunk: Chunk) -> None:
        for row, flow, from_high, segment, time in self._rows(chunk):
            known = self._known.get(flow)
            begins = known is None or starts_new(known.numbers, segment, from_client=from_high)
            if known is not None and time - known.last > GONE:
                flags, directions = (np.array(column) for column in zip(*known.kinds, strict=True))
                begins = begins or is_over(flags, directions, time - known.last)
            if begins:
                if flow == self.flow:
                    self.done = True
                    return
                known = self._known[flow] = _Known(self.begun)
                self.begun += 1
            assert known is not None
            known.numbers = after(known.numbers, segment, from_client=from_high)
            known.last = time
            known.kinds.add((segment.flags, from_high))
            opens = segment.flags & (SYN | ACK) == SYN if self.wanted is None else known.index == self.wanted
            if begins and self.flow is None and opens:
                self.flow, self.index, self.client_high = flow, known.index, from_high
                self._known = {flow: known}
            if flow != self.flow:
                continue
            if len(self.packets) >= MOST:
                raise TargetError(f"connection {self.index} has more than {MOST:,} packets: it is too long to re-enact")
            number, by_client = int(chunk.number[row]), from_high == self.client_high
            self.packets.append(Packet(number, time * _NANO, by_client, chunk.exact(row).segment))

    def _rows(self, chunk: Chunk) -> Iterator[tuple[int, int, bool, Segment, int]]:
        """(row, flow, direction, bare segment, time); once the connection is found, the rows of its flow only."""
        columns, at = chunk.columns, 0
        while at < len(chunk):
            found = self.flow
            left = slice(at, len(chunk))
            rows = (columns.flow[left] == (columns.flow[left] if found is None else found)).nonzero()[0] + at
            parts = (columns.flow, columns.from_high, columns.seq, columns.ack, columns.flags, chunk.time)
            at = len(chunk)
            for row, flow, high, seq, ack, flags, time in zip(
                rows.tolist(), *(part[rows].tolist() for part in parts), strict=True
            ):
                yield row, flow, high, Segment(Seq(seq), Seq(ack), flags), time
                if self.flow != found:
                    at = row + 1
                    break
