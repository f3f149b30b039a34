"""The fast path: TCP fields of ordinary packets, gathered for a whole batch at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from probe.capture.batch import Bools, Int64
from probe.capture.tables import Addresses
from probe.capture.window import Octets

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


def gather(octets: Octets, ip: Int64) -> Rows:
    """The first 60 octets from each IP header on, whatever lies there."""
    every: Rows = np.ndarray((octets.size - REACH + 1,), f"V{REACH}", octets, strides=(1,))
    return every[ip]


def ordinary(rows: Rows, family: Family, room: Int64, wire: Int64) -> tuple[Bools, Int64]:
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


def flows(rows: Rows, version: int, addresses: Addresses, sport: Ports, dport: Ports) -> tuple[Int64, Bools]:
    """(flow keys, whether from the high end) for packets of one IP version."""
    fields = rows.view(IPV4 if version == 4 else IPV6)
    ports = sport.astype(np.uint64), dport.astype(np.uint64)
    source, target = fields["source"].astype(np.uint64), fields["target"].astype(np.uint64)
    if version == 4:
        return addresses.flows4(source, target, *ports)
    lower = fields["source_low"].astype(np.uint64), fields["target_low"].astype(np.uint64)
    return addresses.flows6((source, lower[0]), (target, lower[1]), *ports)
