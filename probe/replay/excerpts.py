"""Segments of connections for drawings, fetched by a second look at their file."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from probe.capture.errors import CaptureError
from probe.capture.reader import Chunk, Reading
from probe.capture.sources import STDIN
from probe.results.connection import Connection, IcmpReport, Packet

_SECOND = 1e9
_ENDS = 20
"""So many segments of a connection are fetched at its start and at its end, beside those its findings name."""

Placed = tuple[int, Packet]
"""A segment and its place in its connection, from 0."""
Key = tuple[str, int]


@dataclass(slots=True)
class _Wanted:
    """A connection being looked for: its flow once its first packet was met, and how many segments were."""

    connection: Connection
    whole: bool
    flow: int | None = None
    client_high: bool = False
    met: int = 0
    found: list[Placed] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        return self.met == self.connection.packets

    def look(self, chunk: Chunk, reading: Reading) -> None:
        columns, first = chunk.columns, 0
        if self.flow is None:
            row = chunk.row(self.connection.first_packet)
            if row is None:
                return
            self.flow, first = int(columns.flow[row]), row
            self.client_high = reading.addresses.ends(self.flow)[0] != self.connection.client
        rows = (np.flatnonzero(columns.flow[first:] == self.flow) + first)[: self.connection.packets - self.met]
        named = {number for finding in self.connection.findings for number in finding.packets}
        for place, row in enumerate(rows.tolist(), self.met):
            ends = self.whole or place < _ENDS or place >= self.connection.packets - _ENDS
            if ends or int(chunk.number[row]) in named:
                number, time = int(chunk.number[row]), int(chunk.time[row]) / _SECOND
                by_client = bool(columns.from_high[row]) == self.client_high
                self.found.append((place, Packet(number, time, by_client, chunk.exact(row).segment)))
        self.met += len(rows)


def icmp_reports(connection: Connection) -> tuple[IcmpReport, ...]:
    """The ICMP errors about segments of a connection, one by one, with packet and time; a pass over its file."""
    first, left, end = connection.first_packet, connection.packets, None
    flow, client_high, found = -1, False, list[IcmpReport]()
    reading = Reading(connection.file)
    with suppress(CaptureError):
        for chunk in reading:
            if flow < 0 and (row := chunk.row(first)) is not None:
                flow = int(chunk.columns.flow[row])
                client_high = reading.addresses.ends(flow)[0] != connection.client
            own = chunk.number[(chunk.columns.flow == flow) & (chunk.number >= first)]
            end = int(own[left]) if len(own) > left else None  # there another connection begins
            for error in chunk.errors:
                if error.flow == flow and first < error.number and (end is None or error.number < end):
                    time = error.time / _SECOND
                    found.append(IcmpReport(error.icmp, error.from_high == client_high, error.number, time))
            if end is not None:
                break
            left -= len(own)
    return tuple(found)


def excerpts(connections: Iterable[Connection], *, whole: bool = False) -> dict[Key, tuple[Placed, ...]]:
    """Their segments by file and index, one pass a file; nothing of what cannot be read a second time.

    Of long connections the first and the last ones, and what findings name; all of them where they are asked for
    ``whole``.
    """
    wanted = [_Wanted(connection, whole) for connection in connections]
    for file in dict.fromkeys(one.connection.file for one in wanted):
        if file == STDIN:
            continue
        reading = Reading(file)
        with suppress(CaptureError):  # it was told when the file was judged
            for chunk in reading:
                open_ones = [one for one in wanted if one.connection.file == file and not one.complete]
                if not open_ones:
                    break
                for one in open_ones:
                    one.look(chunk, reading)
    return {(one.connection.file, one.connection.index): tuple(one.found) for one in wanted if one.complete}
