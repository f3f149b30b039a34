"""Segments to IP packets: Scapy crafts each shape once, numbers, options, payload and checksum are patched in."""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import NamedTuple

from probe.spec.segment import Flow, Segment
from probe.wire.checksum import checksum, is_partial, pseudo, words
from probe.wire.options import encode

_FIXED = 20
_LARGEST = 65535
_NUMBERS = struct.Struct("!HHII")
_TAIL = struct.Struct("!HHH")  # window, checksum, urgent pointer
_TAIL_AT = 14


class _Template(NamedTuple):
    """A finished packet of one shape: where its TCP header starts and what its pseudo-header adds to the sum."""

    packet: bytes
    start: int
    addresses: bytes


def pack(flow: Flow, segment: Segment) -> bytes:
    """The whole IP packet that carries ``segment`` from flow.local to flow.remote.

    The checksum is right unless ``segment.faults`` names "checksum". "short header" writes data offset 4, "header
    past the end" 15. Payload octets that ``length`` counts but ``payload`` lacks are sent as zeros. Raises
    ValueError when options or packet do not fit their length fields, or when ``payload`` is longer than ``length``.
    """
    options = encode(segment.options)
    body = options + _payload(segment)
    template = _template(
        flow.local.address,
        flow.remote.address,
        segment.flags,
        segment.reserved,
        _data_offset(segment, len(options)),
        len(body),
    )
    packet = bytearray(template.packet)
    start = template.start
    _NUMBERS.pack_into(packet, start, flow.local.port, flow.remote.port, segment.seq, segment.ack)
    _TAIL.pack_into(packet, start + _TAIL_AT, segment.window, 0, segment.urgent)
    packet[start + _FIXED :] = body
    _put_checksum(packet, template, segment)
    return bytes(packet)


def _payload(segment: Segment) -> bytes:
    missing = segment.length - len(segment.payload)
    if missing < 0:
        raise ValueError(f"the segment says {segment.length} payload octets and carries {len(segment.payload)}")
    return segment.payload + bytes(missing)


def _data_offset(segment: Segment, options_length: int) -> int:
    if "short header" in segment.faults:
        return 4
    if "header past the end" in segment.faults:
        return 15
    return (_FIXED + options_length) // 4


def _put_checksum(packet: bytearray, template: _Template, segment: Segment) -> None:
    length = len(packet) - template.start
    right = checksum(pseudo(template.addresses, length) + words(packet[template.start :]))
    value = _wrong(right, template.addresses, length) if "checksum" in segment.faults else right
    struct.pack_into("!H", packet, template.start + _TAIL_AT + 2, value)


def _wrong(right: int, addresses: bytes, length: int) -> int:
    """A sum that is wrong and that nobody can take for an offloaded one."""
    candidates = (right ^ mask for mask in (0x5555, 0x2AAA, 0x1111))
    return next(value for value in candidates if not is_partial(value, addresses, length))


@lru_cache(maxsize=4096)
def _template(source: str, target: str, flags: int, reserved: int, data_offset: int, body_length: int) -> _Template:
    """Scapy's packet for one shape. Imported here: Scapy costs 0.2 s that ``--help`` must not pay."""
    from scapy.layers.inet import IP, TCP
    from scapy.layers.inet6 import IPv6
    from scapy.packet import Raw

    version = 6 if ":" in source else 4
    if body_length + _FIXED + (0 if version == 6 else _FIXED) > _LARGEST:
        raise ValueError(f"a segment with {body_length} octets after its header does not fit an IP packet")
    # Scapy's flags field is nine bits wide: the lowest reserved bit is the old NS flag (RFC 3540).
    tcp = TCP(flags=flags | (reserved & 1) << 8, reserved=reserved >> 1, dataofs=data_offset)
    ip = IPv6(src=source, dst=target) if version == 6 else IP(src=source, dst=target, flags="DF", id=1, ttl=64)
    packet = bytes(ip / tcp / Raw(bytes(body_length)))
    start, addresses = (40, packet[8:40]) if version == 6 else (20, packet[12:20])
    return _Template(packet, start, addresses)
