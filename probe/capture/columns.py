"""A batch of records to columns: one entry for each TCP segment, in the order of the file.

Ordinary packets take the fast path: their fields are gathered for a whole batch at once. Those with IP options,
extension headers, or lengths that contradict each other go through the exact decoder one by one; fragments of IP
datagrams are put together first.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from probe.capture.batch import Batch, Bools, Int64, Table
from probe.capture.fragments import Fragments, fragment
from probe.capture.icmp import QuotedSegment, quoted_segments
from probe.capture.layers import PROTOCOL, TUNNELS, locate, protocol_name, walk
from probe.capture.tables import Addresses
from probe.capture.window import PAD, Octets
from probe.wire.decode import EXTENSION_HEADERS, Skipped, unpack

Rows = NDArray[np.void]
Ports = NDArray[np.uint16]

REACH = 60
"""Octets gathered of each packet: an IPv6 header and a TCP header without options."""


def _layout(fields: dict[str, tuple[str, int]]) -> np.dtype[np.void]:
    formats, offsets = zip(*fields.values(), strict=True)
    return np.dtype({"names": list(fields), "formats": formats, "offsets": offsets, "itemsize": REACH})


def _tcp(at: int) -> dict[str, tuple[str, int]]:
    return {
        "sport": (">u2", at), "dport": (">u2", at + 2), "seq": (">u4", at + 4), "ack": (">u4", at + 8),
        "offset": ("u1", at + 12), "flags": ("u1", at + 13), "window": (">u2", at + 14),
    }  # fmt: skip


IPV4 = _layout(
    {"first": ("u1", 0), "total": (">u2", 2), "fragment": (">u2", 6), "protocol": ("u1", 9)}
    | {"source": (">u4", 12), "target": (">u4", 16)}
    | _tcp(20)
)
IPV6 = _layout(
    {"first": ("u1", 0), "total": (">u2", 4), "protocol": ("u1", 6)}
    | {"source": (">u8", 8), "source_low": (">u8", 16), "target": (">u8", 24), "target_low": (">u8", 32)}
    | _tcp(40)
)
_NESTED = 8
_TOO_DEEP = f"more than {_NESTED} IP headers"
_FRAGMENT = 0x3FFF  # More Fragments and the offset, RFC 791 section 3.1
_TCP = 6


class Family(NamedTuple):
    """What the fast path needs to know of an IP version: header size, and the first octet as bits that must match."""

    version: int
    layout: np.dtype[np.void]
    header: int
    mask: int
    first: int
    counted: int
    """Octets of the header that the length field does not count (RFC 8200 section 3: all of them)."""


FAMILIES = (Family(4, IPV4, 20, 0xFF, 0x45, 0), Family(6, IPV6, 40, 0xF0, 0x60, 40))

_BEFORE_TCP = np.array([_TCP, *EXTENSION_HEADERS], np.int64)


@dataclass(frozen=True, slots=True)
class Columns(Table):
    """Arrays with one entry for each TCP segment of a batch.

    ``record``: its index in the batch. ``flow`` is the same number for both directions and ``from_high`` tells them
    apart (see `Addresses`). ``length``: payload octets sent, however few were captured. ``options``: whether there
    are any. ``odd``: read by the exact decoder (IP options, extension headers, lengths that contradict each other).
    ``ip``, ``room``, ``wire``: where the IP header starts in the octets, and how many octets from there on were
    captured and sent. ``tcp``: where the TCP header starts, 0 for odd ones.
    """

    record: Int64
    flow: Int64
    from_high: Bools
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


@dataclass(frozen=True, slots=True)
class _Packets(Table):
    """IP packets of a batch: one entry each, and the first octets of each as a row."""

    record: Int64
    ip: Int64
    room: Int64
    wire: Int64
    rows: Rows


@dataclass(frozen=True, slots=True)
class Extracted:
    """The segments of a batch; ``octets`` are those that the columns index: the batch's, and datagrams put together.

    ``skipped``: by reason how many records are no segment or cannot be read. Where a datagram is put together that
    began in an earlier batch, its counts put those of that batch right, and may be negative. ``errors`` are those of
    ICMP about segments.
    """

    octets: Octets
    columns: Columns
    skipped: Counter[str]
    errors: list[QuotedSegment]


def extract(batch: Batch, addresses: Addresses, fragments: Fragments, *, beyond: bool = False) -> Extracted:
    """The TCP segments of a batch.

    ``beyond``: it lies behind the part that is read. Only what completes datagrams that have begun there is taken.
    """
    record, ip, skipped = locate(batch)
    before = ip - batch.at[record]
    octets = batch.octets
    packets = _packets(octets, record, ip, batch.captured[record] - before, batch.wire[record] - before)
    parts, errors = list[Columns](), list[QuotedSegment]()
    if beyond:
        skipped.clear()
        packets, octets = _completed(packets, batch, fragments, skipped)
    for _ in range(_NESTED):
        for family in FAMILIES:
            good, end = _ordinary(packets.rows, family, packets.room, packets.wire)
            if good.any():
                parts.append(_fast(packets.take(good), end[good], family, addresses))
                packets = packets.take(~good)
        packets, inner = _inside(packets, octets, skipped)
        if len(packets.record):
            packets, whole, octets = _put_together(packets, batch, octets, fragments, skipped)
            errors += quoted_segments(octets, batch, packets.record, packets.ip, packets.room, addresses)
            parts.append(_slow(packets, octets, addresses, skipped))
            inner = _Packets.joined([inner, whole]) if len(whole.record) else inner
        packets = inner
        if not packets.record.size:
            break
    skipped.update([_TOO_DEEP] * packets.record.size)
    if not parts:
        parts = [_slow(packets.take(slice(0)), octets, addresses, skipped)]
    order = np.argsort(np.concatenate([part.record for part in parts]), kind="stable") if len(parts) > 1 else None
    return Extracted(octets, Columns.joined(parts, order), skipped, errors)


def _packets(octets: Octets, record: Int64, ip: Int64, room: Int64, wire: Int64) -> _Packets:
    """The IP packets of these records, whose IP headers start there."""
    every: Rows = np.ndarray((octets.size - REACH + 1,), f"V{REACH}", octets, strides=(1,))
    return _Packets(record, ip, room, wire, every[ip])


def _inside(packets: _Packets, octets: Octets, skipped: Counter[str]) -> tuple[_Packets, _Packets]:
    """(packets that hold no tunnel; the packets inside the others)."""
    if not len(packets.record):
        return packets, packets
    four, six = packets.rows.view(IPV4), packets.rows.view(IPV6)
    version = four["first"] >> 4
    size = np.where(version == 4, (four["first"] & 15).astype(np.int64) * 4, 40)
    protocol = np.where(version == 4, four["protocol"], six["protocol"]).astype(np.int64)
    tunnel = np.isin(protocol, TUNNELS) & (packets.room >= np.maximum(size, 20))
    tunnel &= (version == 6) | ((version == 4) & (size >= 20) & (four["fragment"] & _FRAGMENT == 0))
    if not tunnel.any():
        return packets, packets.take(slice(0))
    outer = packets.take(tunnel)
    end = outer.ip + outer.room
    which, ip = walk(octets, outer.ip + size[tunnel], PROTOCOL + protocol[tunnel], end, skipped)
    outer = outer.take(which)
    before = ip - outer.ip
    return packets.take(~tunnel), _packets(octets, outer.record, ip, outer.room - before, outer.wire - before)


def _put_together(
    packets: _Packets,
    batch: Batch,
    octets: Octets,
    fragments: Fragments,
    skipped: Counter[str],
    *,
    beyond: bool = False,
) -> tuple[_Packets, _Packets, Octets]:
    """(packets that are no fragments; datagrams that fragments among the others complete; octets that hold both).

    Such a datagram is of the record that completes it.
    """
    four, six = packets.rows.view(IPV4), packets.rows.view(IPV6)
    version = four["first"] >> 4
    maybe = (version == 4) & (packets.room >= 20) & (four["fragment"] & _FRAGMENT != 0)
    maybe &= (four["protocol"] == _TCP) | np.isin(four["protocol"], TUNNELS)
    maybe |= (version == 6) & (packets.room >= 48) & np.isin(six["protocol"], EXTENSION_HEADERS)
    if not maybe.any():
        return packets, packets.take(slice(0)), octets
    found: list[tuple[int, bytes, int]] = []
    for place in np.flatnonzero(maybe).tolist():
        start, record, wire = int(packets.ip[place]), int(packets.record[place]), int(packets.wire[place])
        piece = fragment(octets[start : start + int(packets.room[place])].tobytes(), wire)
        if isinstance(piece, str):
            skipped[piece] += not beyond
        elif piece is not None:
            number, time = batch.first + record, int(batch.time[record])
            if (whole := fragments.take(piece, number, time, skipped, begin=not beyond)) is not None:
                found.append((record, *whole))
        else:
            maybe[place] = False
    text = b"".join(data for _, data, _ in found) + bytes(PAD)
    room = np.array([len(data) for _, data, _ in found], np.int64)
    ip = len(octets) + np.cumsum(room) - room
    octets = np.concatenate((octets, np.frombuffer(text, np.uint8))) if found else octets
    records, wires = (np.array([one[column] for one in found], np.int64) for column in (0, 2))
    return packets.take(~maybe), _packets(octets, records, ip, room, wires), octets


def _completed(packets: _Packets, batch: Batch, fragments: Fragments, skipped: Counter[str]) -> tuple[_Packets, Octets]:
    """Datagrams that began in an earlier batch and are completed in this one, which counts for nothing else."""
    octets, found = batch.octets, packets.take(slice(0))
    for _ in range(_NESTED):
        if not packets.record.size:
            break
        packets, inner = _inside(packets, octets, Counter())
        _, whole, octets = _put_together(packets, batch, octets, fragments, skipped, beyond=True)
        found, packets = _Packets.joined([found, whole]), inner
    return found, octets


def _fast(packets: _Packets, end: Int64, family: Family, addresses: Addresses) -> Columns:
    tcp = packets.rows.view(family.layout)
    sport, dport = tcp["sport"].astype(np.uint16), tcp["dport"].astype(np.uint16)
    flow, from_high = _flows(packets.rows, family.version, addresses, sport, dport)
    header = (tcp["offset"] >> 4).astype(np.int64) * 4
    return Columns(
        packets.record,
        flow, from_high,
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
    packets = packets.take(~_foreign(packets.rows, packets.room, skipped))
    kept, decoded = [], []
    for index, (start, size, sent) in enumerate(
        zip(packets.ip.tolist(), packets.room.tolist(), packets.wire.tolist(), strict=True)
    ):
        found = unpack(octets[start : start + size].tobytes(), wire_length=sent)
        if isinstance(found, Skipped):
            skipped[found.reason] += 1
        else:
            kept.append(index)
            decoded.append(found)
    packets, segments = packets.take(np.array(kept, np.intp)), [d.segment for d in decoded]
    version = (octets[packets.ip] >> 4).astype(np.uint8)
    sport = np.array([d.flow.local.port for d in decoded], np.uint16)
    dport = np.array([d.flow.remote.port for d in decoded], np.uint16)
    flow, from_high = np.zeros(len(sport), np.int64), np.zeros(len(sport), np.bool_)
    for family in FAMILIES:
        some = version == family.version
        if some.any():
            flow[some], from_high[some] = _flows(
                packets.rows[some], family.version, addresses, sport[some], dport[some]
            )
    return Columns(
        packets.record, flow, from_high,
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


def _ordinary(rows: Rows, family: Family, room: Int64, wire: Int64) -> tuple[Bools, Int64]:
    """(which packets the fast path may read, and their length from the IP header on).

    Those without IP options or extension headers, whole up to the fixed TCP header, whose lengths agree. ``room``
    and ``wire`` are the octets from the IP header on, captured and sent.
    """
    fields = rows.view(family.layout)
    total = fields["total"].astype(np.int64)
    # Zero: a super-segment whose sender left the length to the card (TSO), or too big for the field (BIG TCP).
    end = np.where(total == 0, wire, total + family.counted)
    header = (fields["offset"] >> 4).astype(np.int64) * 4
    good = (fields["first"] & family.mask == family.first) & (fields["protocol"] == _TCP)
    good &= (room >= family.header + 20) & (header >= 20) & (end >= family.header + header) & (end <= wire)
    if family.version == 4:
        good &= fields["fragment"] & _FRAGMENT == 0
    return good, end


def _flows(rows: Rows, version: int, addresses: Addresses, sport: Ports, dport: Ports) -> tuple[Int64, Bools]:
    """(flow keys, whether from the high end) for packets of one IP version."""
    fields = rows.view(IPV4 if version == 4 else IPV6)
    ports = sport.astype(np.uint64), dport.astype(np.uint64)
    source, target = fields["source"].astype(np.uint64), fields["target"].astype(np.uint64)
    if version == 4:
        return addresses.flows4(source, target, *ports)
    lower = fields["source_low"].astype(np.uint64), fields["target_low"].astype(np.uint64)
    return addresses.flows6((source, lower[0]), (target, lower[1]), *ports)


def _foreign(rows: Rows, room: Int64, skipped: Counter[str]) -> Bools:
    """Which packets hold another protocol than TCP by the plain word of their IP header; counts them by its name."""
    four, six = rows.view(IPV4), rows.view(IPV6)
    version = four["first"] >> 4
    other: Bools = (version == 4) & (room >= 20) & (four["protocol"] != _TCP)
    other |= (version == 6) & (room >= 40) & ~np.isin(six["protocol"], _BEFORE_TCP)
    protocol = np.where(version == 4, four["protocol"], six["protocol"])[other]
    for number, count in zip(*np.unique(protocol, return_counts=True), strict=True):
        skipped[protocol_name(int(number))] += int(count)
    return other
