"""IP packets to segments: plain struct, nothing repaired, nothing raised; what is no whole TCP segment is Skipped."""

from __future__ import annotations

import struct
from dataclasses import replace
from socket import AF_INET, AF_INET6, inet_ntop
from typing import Literal, NamedTuple

from probe.spec.icmp import ERRORS, Icmp
from probe.spec.segment import Endpoint, Flow, Option, Segment
from probe.spec.seq import Seq
from probe.wire.checksum import TCP, holds, is_partial, pseudo, words
from probe.wire.options import CUT, PAST, parse

Checksum = Literal["ok", "offloaded", "unknown"]
"""What the kernel says of the sum: verified, still to be filled in by a network card, or nothing."""


class Decoded(NamedTuple):
    """A TCP segment; ``flow`` runs from the packet's source (local) to its destination (remote)."""

    flow: Flow
    segment: Segment


class Skipped(NamedTuple):
    """Not a TCP segment that can be read, and why."""

    reason: str


class Quoted(NamedTuple):
    """An ICMP error and the segment it is about; ``flow`` runs the way that segment was going."""

    icmp: Icmp
    flow: Flow
    segment: Segment


class _Span(NamedTuple):
    """Where the TCP segment lies: [start, end) by the IP header's word, which may be past the captured bytes.

    ``routed``: a source route is present, so the pseudo-header's destination is not the one in the header.
    """

    start: int
    end: int
    addresses: bytes
    routed: bool


_IPV4 = struct.Struct("!BBHHHBB")
_TCP = struct.Struct("!HHIIBBHHH")
_FIXED = 20
_FRAGMENT = 0x3FFF  # More Fragments and the offset, RFC 791 section 3.1
_HOP_BY_HOP, _ROUTING, _FRAGMENT_HEADER, _AUTHENTICATION, _DESTINATION, _MOBILITY = 0, 43, 44, 51, 60, 135
ICMP, ICMP6 = 1, 58
EXTENSION_HEADERS = (_HOP_BY_HOP, _ROUTING, _FRAGMENT_HEADER, _AUTHENTICATION, _DESTINATION, _MOBILITY)
"""IPv6 next-header values that may stand before TCP (RFC 8200 section 4.1, RFC 6275)."""

_CUT_OFF = Skipped("header cut off by the capture")
_NOT_TCP = Skipped("not TCP")
_FRAGMENTED = Skipped("IP fragment")
_MALFORMED = Skipped("malformed IP header")
_KNOWN_FLOWS = 65536
_flows: dict[bytes, Flow] = {}


def unpack(packet: bytes, *, wire_length: int | None = None, checksum: Checksum = "unknown") -> Decoded | Skipped:
    """The segment in ``packet`` (bytes from the IP header on).

    ``wire_length`` is the packet's length in octets before the capture cut it, where known. Faults of the TCP
    header go into ``Segment.faults`` and ``Option.fault``. Never raises, whatever the bytes.
    """
    version = packet[0] >> 4 if packet else 0
    if version == 4:
        span = _ipv4(packet, wire_length)
    elif version == 6:
        span = _ipv6(packet, wire_length)
    else:
        return Skipped("not IP")
    if isinstance(span, Skipped):
        return span
    if span.end - span.start < _FIXED or len(packet) - span.start < _FIXED:
        return _short(packet, span)
    return _tcp(packet, span, checksum)


def identification(packet: bytes) -> int:
    """What tells the datagrams of an IPv4 sender apart, from the bytes of the IP header on; 0 where nothing does."""
    return packet[4] << 8 | packet[5] if len(packet) >= _FIXED and packet[0] >> 4 == 4 else 0


def hops(packet: bytes) -> int:
    """The TTL (RFC 791 3.1) or Hop Limit (RFC 8200 3) in the bytes of the IP header on; 0 where there is none."""
    at = {4: 8, 6: 7}.get(packet[0] >> 4) if packet else None
    return packet[at] if at is not None and len(packet) > at else 0


def _ipv4(packet: bytes, wire_length: int | None) -> _Span | Skipped:
    if len(packet) < _FIXED:
        return _CUT_OFF
    first, _, total, _, fragment, _, protocol = _IPV4.unpack_from(packet)
    if protocol != TCP:
        return _NOT_TCP
    if fragment & _FRAGMENT:
        return _FRAGMENTED
    start = (first & 15) * 4
    # A host that leaves segmentation to its card (TSO) may write a total length of zero.
    end = total or wire_length or len(packet)
    if start < _FIXED or end < start or (wire_length is not None and end > wire_length):
        return _MALFORMED
    return _Span(start, end, packet[12:20], start > _FIXED)


def _ipv6(packet: bytes, wire_length: int | None) -> _Span | Skipped:
    if len(packet) < 40:
        return _CUT_OFF
    length = packet[4] << 8 | packet[5]
    # Zero: a jumbogram or a super-segment (BIG TCP); only the capture knows the length.
    end = length + 40 if length else wire_length or len(packet)
    if wire_length is not None and end > wire_length:
        return _MALFORMED
    following, start, routed = packet[6], 40, False
    while following != TCP:
        if following not in EXTENSION_HEADERS:
            return _NOT_TCP
        if len(packet) < start + 8:
            return _CUT_OFF
        if following == _FRAGMENT_HEADER and (packet[start + 2] << 8 | packet[start + 3]) & 0xFFF9:
            return _FRAGMENTED
        routed |= following == _ROUTING and packet[start + 3] > 0  # still in use
        size = (packet[start + 1] + 1) * 8
        if following == _FRAGMENT_HEADER:
            size = 8
        elif following == _AUTHENTICATION:  # counted in words less two, RFC 4302 section 2.2
            size = (packet[start + 1] + 2) * 4
        following, start = packet[start], start + size
    return _Span(start, end, packet[8:40], routed) if start <= end else _MALFORMED


def _short(packet: bytes, span: _Span) -> Decoded | Skipped:
    """Fewer than 20 octets: a fault where the IP header says so, else the capture's doing."""
    data = packet[span.start : span.end]
    if len(data) < span.end - span.start:
        return _CUT_OFF
    if len(data) < 4:
        return Skipped("TCP header without ports")
    _, _, seq, ack, offset, flags, window, _, urgent = _TCP.unpack(data.ljust(_FIXED, b"\0"))
    segment = Segment(
        Seq(seq), Seq(ack), flags, window, urgent=urgent, reserved=offset & 15,
        faults=("short header",), checksum_known=False,
    )  # fmt: skip
    return Decoded(_flow(span.addresses + data[:4]), segment)


def _tcp(packet: bytes, span: _Span, hint: Checksum) -> Decoded:
    start, end, addresses, routed = span
    _, _, seq, ack, offset, flags, window, field, urgent = _TCP.unpack_from(packet, start)
    header_end = start + (offset >> 4) * 4
    faults: tuple[str, ...] = ()
    known = end <= len(packet)
    if known and not holds(pseudo(addresses, end - start) + words(packet[start:end])):
        # A wrong sum is a fault only where no card was still to fill it in.
        known = hint == "unknown" and not routed and not is_partial(field, addresses, end - start)
        faults = ("checksum",) if known else ()
    options, whole = tuple[Option, ...](), True
    if header_end == start + _FIXED:
        pass
    elif header_end < start + _FIXED:
        faults, header_end = (*faults, "short header"), start + _FIXED
    elif header_end > end:
        faults, header_end = (*faults, "header past the end"), start + _FIXED
    else:
        options = parse(packet[start + _FIXED : header_end])
        whole = header_end <= len(packet)
        if not whole:  # the capture, not the sender, cut the last option
            options = tuple(option for option in options if option.fault not in (PAST, CUT))
    segment = Segment(
        _seq(Seq, seq), _seq(Seq, ack), flags, window, end - header_end, packet[header_end:end],
        options, urgent, offset & 15, faults, known, options_known=whole,
    )  # fmt: skip
    key = addresses + packet[start : start + 4]
    return Decoded(_flows.get(key) or _flow(key), segment)


def unpack_error(packet: bytes) -> Quoted | None:
    """The ICMP error in ``packet`` (bytes from the IP header on) that quotes a TCP segment; None where it is none.

    A router need quote 8 octets of the segment (RFC 792): ports and sequence number. Of what is cut off nothing is
    told: flags 0, no text, whatever length the IP header gives. Never raises, whatever the bytes.
    """
    version = packet[0] >> 4 if packet else 0
    if version == 4 and len(packet) > _FIXED and packet[9] == ICMP and not (packet[6] << 8 | packet[7]) & _FRAGMENT:
        start = (packet[0] & 15) * 4
    elif version == 6 and len(packet) > 40 and packet[6] == ICMP6:
        start = 40
    else:
        return None
    if len(packet) < start + 8 or packet[start] not in ERRORS[version]:
        return None
    kind, code, _, _, low = struct.unpack_from("!BBHHH", packet, start)
    mtu = 0
    if (version, kind, code) == (4, 3, 4):
        mtu = low  # RFC 1191 section 4
    elif (version, kind) == (6, 2):
        mtu = min(int.from_bytes(packet[start + 4 : start + 8], "big"), 0xFFFF)
    quoted = packet[start + 8 :]
    span = (_ipv4 if version == 4 else _ipv6)(quoted, None) if quoted and quoted[0] >> 4 == version else _NOT_TCP
    if isinstance(span, Skipped) or len(quoted) < span.start + 8:
        return None
    source = inet_ntop(AF_INET if version == 4 else AF_INET6, packet[12:16] if version == 4 else packet[8:24])
    flow = _flow(span.addresses + quoted[span.start : span.start + 4])
    seq = Seq(int.from_bytes(quoted[span.start + 4 : span.start + 8], "big"))
    segment = Segment(seq, checksum_known=False)
    if len(quoted) >= span.start + _FIXED:
        segment = replace(_tcp(quoted, span, "offloaded").segment, faults=(), options=())
    return Quoted(Icmp(source, version, kind, code, mtu), flow, segment)


_seq = int.__new__  # a 32-bit field needs no reduction modulo 2**32


def _flow(key: bytes) -> Flow:
    """The flow for addresses and ports as they stand in the packet; remembered, as most packets share a few."""
    half = (len(key) - 4) // 2
    family = AF_INET if half == 4 else AF_INET6
    sport, dport = struct.unpack_from("!HH", key, 2 * half)
    source, target = inet_ntop(family, key[:half]), inet_ntop(family, key[half : 2 * half])
    if len(_flows) >= _KNOWN_FLOWS:
        _flows.clear()
    return _flows.setdefault(key, Flow(Endpoint(source, sport), Endpoint(target, dport)))
