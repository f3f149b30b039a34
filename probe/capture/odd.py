"""The slow path: packets that need the exact decoder, and names for those that hold no TCP."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from probe.capture.batch import Bools, Int64
from probe.capture.fields import IPV4, IPV6, Rows
from probe.capture.window import Octets
from probe.spec.segment import Segment
from probe.wire.decode import EXTENSION_HEADERS, Skipped, unpack

_PROTOCOLS = {
    0: "IPv6 hop-by-hop", 1: "ICMP", 2: "IGMP", 4: "IPv4 in IP", 17: "UDP", 33: "DCCP", 41: "IPv6 in IP", 47: "GRE",
    50: "ESP", 51: "AH", 58: "ICMPv6", 59: "no next header", 89: "OSPF", 103: "PIM", 112: "VRRP", 132: "SCTP",
    136: "UDP-Lite",
}  # fmt: skip
_TCP = 6
_BEFORE_TCP = np.array([_TCP, *EXTENSION_HEADERS], np.int64)


def foreign(rows: Rows, room: Int64, skipped: Counter[str]) -> Bools:
    """Which packets hold another protocol than TCP by the plain word of their IP header; counts them by its name."""
    four, six = rows.view(IPV4), rows.view(IPV6)
    version = four["first"] >> 4
    other: Bools = (version == 4) & (room >= 20) & (four["protocol"] != _TCP)
    other |= (version == 6) & (room >= 40) & ~np.isin(six["protocol"], _BEFORE_TCP)
    protocol = np.where(version == 4, four["protocol"], six["protocol"])[other]
    for number, count in zip(*np.unique(protocol, return_counts=True), strict=True):
        skipped[f"not TCP: {_PROTOCOLS.get(int(number), f'IP protocol {number}')}"] += int(count)
    return other


def read_odd(
    octets: Octets, ip: Int64, room: Int64, wire: Int64, skipped: Counter[str]
) -> tuple[Bools, list[Segment], NDArray[np.uint16]]:
    """(which packets are TCP segments, these, their source and destination ports); counts the others by reason."""
    kept = np.zeros(len(ip), np.bool_)
    segments: list[Segment] = []
    ports: list[tuple[int, int]] = []
    for index, (start, size, sent) in enumerate(zip(ip.tolist(), room.tolist(), wire.tolist(), strict=True)):
        decoded = unpack(octets[start : start + size].tobytes(), wire_length=sent)
        if isinstance(decoded, Skipped):
            skipped[decoded.reason] += 1
            continue
        kept[index] = True
        segments.append(decoded.segment)
        ports.append((decoded.flow.local.port, decoded.flow.remote.port))
    return kept, segments, np.array(ports, np.uint16).reshape(-1, 2)
