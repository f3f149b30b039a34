"""Segments to IP packets: Scapy crafts each shape once, numbers, options, payload and checksum are patched in."""

from __future__ import annotations

import struct
from functools import lru_cache
from importlib import import_module
from typing import NamedTuple

from probe.spec.segment import Flow, Option, Segment
from probe.wire.checksum import checksum, is_partial, pseudo, words
from probe.wire.options import encode

_FIXED = 20
_LARGEST = 65535
_HEADER = struct.Struct("!HHIIHHHH")
_OFFSET_AT = 12


class _Template(NamedTuple):
    """The parts that all packets of one shape share.

    ``ip`` is the IP header, ``offset`` the word with data offset and flags, ``total`` what ``offset``, ``options`` and
    the pseudo-header with ``addresses`` add to the checksum.
    """

    ip: bytes
    offset: int
    options: bytes
    addresses: bytes
    total: int


def pack(flow: Flow, segment: Segment) -> bytes:
    """The whole IP packet that carries ``segment`` from flow.local to flow.remote.

    The checksum is right unless ``segment.faults`` names "checksum". "short header" writes data offset 4, "header
    past the end" 15. Payload octets that ``length`` counts but ``payload`` lacks are sent as zeros. Raises
    ValueError when options or packet do not fit their length fields, or when ``payload`` is longer than ``length``.
    """
    local, remote, payload = flow.local, flow.remote, segment.payload
    if len(payload) != segment.length:
        if len(payload) > segment.length:
            raise ValueError(f"the segment says {segment.length} payload octets and carries {len(payload)}")
        payload += bytes(segment.length - len(payload))
    template = _template(
        local.address, remote.address, segment.flags, segment.reserved, segment.options, len(payload), segment.faults
    )
    seq, ack = int(segment.seq), int(segment.ack)
    # 2**16 is 1 modulo 0xFFFF, so fields may be added as they are, however wide (see `words`).
    total = template.total + local.port + remote.port + seq + ack + segment.window + segment.urgent
    field = checksum(total + words(payload) if payload else total)
    if "checksum" in segment.faults:
        # Wrong, and so that nobody can take it for an offloaded one.
        length = _FIXED + len(template.options) + len(payload)
        wrong = (field ^ mask for mask in (0x5555, 0x2AAA, 0x1111))
        field = next(value for value in wrong if not is_partial(value, template.addresses, length))
    header = _HEADER.pack(local.port, remote.port, seq, ack, template.offset, segment.window, field, segment.urgent)
    return template.ip + header + template.options + payload


@lru_cache(maxsize=4096)
def _template(
    source: str,
    target: str,
    flags: int,
    reserved: int,
    options: tuple[Option, ...],
    payload_length: int,
    faults: tuple[str, ...],
) -> _Template:
    """Scapy's packet for one shape, cut up. Imported here: Scapy costs 0.2 s that ``--help`` must not pay."""
    from scapy.layers.inet import IP, TCP
    from scapy.layers.inet6 import IPv6
    from scapy.packet import Raw

    version = 6 if ":" in source else 4
    body = encode(options) + bytes(payload_length)
    if len(body) + _FIXED + (0 if version == 6 else _FIXED) > _LARGEST:
        raise ValueError(f"a segment with {len(body)} octets after its header does not fit an IP packet")
    words_of_header = (_FIXED + len(body) - payload_length) // 4
    data_offset = 4 if "short header" in faults else 15 if "header past the end" in faults else words_of_header
    # Scapy's flags field is nine bits wide: the lowest reserved bit is the old NS flag (RFC 3540).
    tcp = TCP(flags=flags | (reserved & 1) << 8, reserved=reserved >> 1, dataofs=data_offset)
    ip = IPv6(src=source, dst=target) if version == 6 else IP(src=source, dst=target, flags="DF", id=1, ttl=64)
    packet = bytes(ip / tcp / Raw(body))
    start, addresses = (40, packet[8:40]) if version == 6 else (20, packet[12:20])
    offset = int.from_bytes(packet[start + _OFFSET_AT : start + _OFFSET_AT + 2], "big")
    total = pseudo(addresses, len(packet) - start) + offset + words(body)
    return _Template(packet[:start], offset, encode(options), addresses, total)


def warm() -> None:
    """Load Scapy's layers and pyroute2 now: for processes forked from here on, or for who is to answer at once."""
    for name in ("pyroute2", "scapy.layers.inet", "scapy.layers.inet6"):
        import_module(name)
