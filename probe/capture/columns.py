"""A batch of records to columns: one entry for each TCP segment, in the order of the file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from probe.capture.batch import Batch, Bools, Int64
from probe.capture.fields import FAMILIES, Family, Rows, flows, gather, ordinary
from probe.capture.links import locate
from probe.capture.odd import foreign, read_odd
from probe.capture.tables import Addresses
from probe.capture.window import Octets


@dataclass(frozen=True, slots=True)
class Columns:
    """Arrays with one entry for each TCP segment of a batch.

    ``record``: its index in the batch. ``flow`` is the same number for both directions and ``from_high`` tells them
    apart (see `Addresses`). ``length``: payload octets sent, however few were captured. ``options``: whether there
    are any. ``odd``: read by the exact decoder (IP options, extension headers, lengths that contradict each other).
    ``ip``, ``room``, ``wire``: where the IP header starts in the octets, and how many octets from there on were
    captured and sent. ``tcp``: where the TCP header starts, 0 for odd ones.
    """

    record: Int64
    version: NDArray[np.uint8]
    flow: Int64
    from_high: Bools
    sport: NDArray[np.uint16]
    dport: NDArray[np.uint16]
    seq: NDArray[np.uint32]
    ack: NDArray[np.uint32]
    flags: NDArray[np.uint8]
    window: NDArray[np.uint16]
    length: Int64
    options: Bools
    odd: Bools
    ip: Int64
    room: Int64
    wire: Int64
    tcp: Int64

    def __len__(self) -> int:
        return len(self.record)


class _Packets(NamedTuple):
    """IP packets of a batch: one entry each, and the first octets of each as a row."""

    record: Int64
    ip: Int64
    room: Int64
    wire: Int64
    rows: Rows

    def take(self, chosen: Bools) -> _Packets:
        if chosen.all():
            return self
        return _Packets(self.record[chosen], self.ip[chosen], self.room[chosen], self.wire[chosen], self.rows[chosen])


def extract(batch: Batch, addresses: Addresses) -> tuple[Columns, Counter[str]]:
    """The TCP segments of a batch, and by reason how many records are none or cannot be read."""
    record, ip, skipped = locate(batch)
    before = ip - batch.at[record]
    packets = _Packets(
        record, ip, batch.captured[record] - before, batch.wire[record] - before, gather(batch.octets, ip)
    )
    parts = []
    for family in FAMILIES:
        good, end = ordinary(packets.rows, family, packets.room, packets.wire)
        if good.any():
            parts.append(_fast(packets.take(good), end[good], family, addresses))
            packets = packets.take(~good)
    if len(packets.record):
        parts.append(_slow(packets, batch.octets, addresses, skipped))
    return _merge(parts) if parts else _slow(packets, batch.octets, addresses, skipped), skipped


def _fast(packets: _Packets, end: Int64, family: Family, addresses: Addresses) -> Columns:
    tcp = packets.rows.view(family.layout)
    sport, dport = tcp["sport"].astype(np.uint16), tcp["dport"].astype(np.uint16)
    flow, from_high = flows(packets.rows, family.version, addresses, sport, dport)
    header = (tcp["offset"] >> 4).astype(np.int64) * 4
    return Columns(
        packets.record,
        np.full(len(sport), family.version, np.uint8),
        flow, from_high, sport, dport,
        tcp["seq"].astype(np.uint32),
        tcp["ack"].astype(np.uint32),
        tcp["flags"].copy(),
        tcp["window"].astype(np.uint16),
        end - family.header - header,
        header > 20,
        np.zeros(len(sport), np.bool_),
        packets.ip, packets.room, packets.wire,
        packets.ip + family.header,
    )  # fmt: skip


def _slow(packets: _Packets, octets: Octets, addresses: Addresses, skipped: Counter[str]) -> Columns:
    """Packets the fast path cannot read: counted if they are no TCP segment, else decoded one by one."""
    packets = packets.take(~foreign(packets.rows, packets.room, skipped))
    kept, segments, ports = read_odd(octets, packets.ip, packets.room, packets.wire, skipped)
    packets = packets.take(kept)
    version = (octets[packets.ip] >> 4).astype(np.uint8)
    sport, dport = ports[:, 0].copy(), ports[:, 1].copy()
    flow, from_high = np.zeros(len(sport), np.int64), np.zeros(len(sport), np.bool_)
    for family in FAMILIES:
        some = version == family.version
        if some.any():
            flow[some], from_high[some] = flows(packets.rows[some], family.version, addresses, sport[some], dport[some])
    return Columns(
        packets.record, version, flow, from_high, sport, dport,
        np.array([s.seq for s in segments], np.uint32),
        np.array([s.ack for s in segments], np.uint32),
        np.array([s.flags for s in segments], np.uint8),
        np.array([s.window for s in segments], np.uint16),
        np.array([s.length for s in segments], np.int64),
        np.array([bool(s.options) for s in segments], np.bool_),
        np.ones(len(sport), np.bool_),
        packets.ip, packets.room, packets.wire,
        np.zeros(len(sport), np.int64),
    )  # fmt: skip


def _merge(parts: list[Columns]) -> Columns:
    """The parts as one, in the order of the records."""
    if len(parts) == 1:
        return parts[0]
    order = np.argsort(np.concatenate([part.record for part in parts]), kind="stable")
    names = [column.name for column in fields(Columns)]
    return Columns(*(np.concatenate([getattr(part, name) for part in parts])[order] for name in names))
