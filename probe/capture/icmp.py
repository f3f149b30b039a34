"""ICMP and ICMPv6 errors of a batch that quote a TCP segment, with the flow of that segment."""

from __future__ import annotations

from socket import AF_INET, AF_INET6, inet_pton
from typing import NamedTuple

import numpy as np

from probe.capture.batch import Batch, Int64
from probe.capture.tables import Addresses, Halves
from probe.capture.window import Octets
from probe.spec.icmp import ERRORS, Icmp
from probe.wire.decode import EXTENSION_HEADERS, ICMP, ICMP6, unpack_error

_TCP = 6


class QuotedSegment(NamedTuple):
    """An error in the record ``number``: ``flow`` and ``from_high`` are those of the segment that it quotes."""

    number: int
    time: int
    flow: int
    from_high: bool
    icmp: Icmp


def quoted_segments(
    octets: Octets, batch: Batch, record: Int64, ip: Int64, room: Int64, addresses: Addresses
) -> list[QuotedSegment]:
    """The errors among IP packets: their records, where each IP header starts, octets captured from there on."""
    four = (octets[ip] >> 4 == 4) & (octets[ip + 9] == ICMP)
    six = (octets[ip] >> 4 == 6) & (octets[ip + 6] == ICMP6)
    if not (four | six).any():
        return []
    message = ip + np.where(four, (octets[ip] & 15).astype(np.int64) * 4, 40)
    kind, inner = octets[message], message + 8
    four &= np.isin(kind, ERRORS[4]) & (octets[inner + 9] == _TCP)
    six &= np.isin(kind, ERRORS[6]) & np.isin(octets[inner + 6], (_TCP, *EXTENSION_HEADERS))
    found = []
    for place in np.flatnonzero(four | six).tolist():
        start = int(ip[place])
        quoted = unpack_error(octets[start : start + int(room[place])].tobytes())
        if quoted is None:
            continue
        at, ends = int(record[place]), (quoted.flow.local, quoted.flow.remote)
        sport, dport = (np.array([end.port], np.uint64) for end in ends)
        source, target = (_halves(end.address) for end in ends)
        if quoted.icmp.version == 4:
            flow, from_high = addresses.flows4(source[1], target[1], sport, dport)
        else:
            flow, from_high = addresses.flows6(source, target, sport, dport)
        found.append(
            QuotedSegment(batch.first + at, int(batch.time[at]), int(flow[0]), bool(from_high[0]), quoted.icmp)
        )
    return found


def _halves(address: str) -> Halves:
    """The upper and the lower 64 bits of an address; of IPv4 all of it is in the lower."""
    number = int.from_bytes(inet_pton(AF_INET6 if ":" in address else AF_INET, address))
    return np.array([number >> 64], np.uint64), np.array([number & (1 << 64) - 1], np.uint64)
