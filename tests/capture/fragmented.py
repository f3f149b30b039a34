"""IP datagrams in fragments, and ICMP errors about packets, made by hand."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from probe.spec.segment import ACK
from tests.capture.build import FOUR_A, FOUR_B, SIX_A, SIX_B, ipv4, ipv6, tcp

ROUTER4, ROUTER6 = b"\x0a\0\0\xfe", bytes.fromhex("20010db80000000000000000000000fe")


def broken4(body: bytes, sizes: Sequence[int], number: int = 7, protocol: int = 6) -> list[bytes]:
    """An IPv4 datagram in fragments of these sizes and a last one."""
    places = [0, *sizes]
    pieces = []
    for start, size in zip((sum(places[: at + 1]) for at in range(len(places))), (*sizes, 65535), strict=True):
        more = start + size < len(body)
        packet = ipv4(body[start : start + size], protocol=protocol, fragment=start // 8 | more << 13)
        pieces.append(packet[:4] + struct.pack("!H", number) + packet[6:])
    return pieces


def broken6(body: bytes, sizes: Sequence[int], number: int = 7, before: bytes = b"") -> list[bytes]:
    """An IPv6 datagram in fragments; ``before`` is a hop-by-hop header."""
    places = [0, *sizes]
    pieces = []
    for start, size in zip((sum(places[: at + 1]) for at in range(len(places))), (*sizes, 65535), strict=True):
        header = struct.pack("!BBHI", 6, 0, start | (start + size < len(body)), number)
        pieces.append(ipv6(before + header + body[start : start + size], following=0 if before else 44))
    return pieces


def text4(length: int = 100, seq: int = 5) -> bytes:
    """A TCP segment between the IPv4 ends."""
    return tcp(FOUR_A + FOUR_B, 40000, 80, seq, 9, ACK, payload=bytes(range(length)))


def text6(length: int = 100) -> bytes:
    """The same between the IPv6 ends."""
    return tcp(SIX_A + SIX_B, 40000, 80, 5, 9, ACK, payload=bytes(range(length)))


def error4(quoted: bytes, kind: int, code: int, *, keep: int = 28) -> bytes:
    """An ICMP error about an IPv4 packet, sent to whom it came from."""
    return ipv4(struct.pack("!BBHI", kind, code, 0, 0) + quoted[:keep], ROUTER4, quoted[12:16], protocol=1)


def error6(quoted: bytes, kind: int, code: int) -> bytes:
    """The same of ICMPv6."""
    return ipv6(struct.pack("!BBHI", kind, code, 0, 0) + quoted, ROUTER6, quoted[8:24], following=58)


HOP_BY_HOP = b"\x2c\0\1\4\0\0\0\0"
DATAGRAMS = {
    "two": broken4(text4(), [48]),
    "header in two": broken4(text4(), [8, 8, 8]),
    "backwards": broken4(text4(), [48, 16])[::-1],
    "ipv6": broken6(text6(), [48, 24]),
    "behind another header": broken6(text6(), [48], before=HOP_BY_HOP),
    "ipv6 backwards": broken6(text6(), [48, 24])[::-1],
    "a copy": [p for p in broken4(text4(), [48, 16]) for _ in range(2)][:-1],
    "two at a time": [
        p for pair in zip(broken4(text4(), [48]), broken4(text4(seq=99), [48], 8), strict=True) for p in pair
    ],
}


def every_broken_packet() -> list[bytes]:
    """Fragments in and out of order, with and without the others, inside and around a tunnel; errors about packets."""
    tunnel = struct.pack("!HH", 0, 0x0800) + ipv4(text4())
    packets = [packet for pieces in DATAGRAMS.values() for packet in pieces]
    packets += [*broken4(tunnel, [64], 1, 47), *(ipv4(piece, protocol=4) for piece in broken4(text4(), [48], 4))]
    packets += [broken4(text4(), [48], 9)[0], broken4(text4(), [40], 9)[1], *broken4(text4(), [48, 16], 10)[1:]]
    syn4, syn6 = ipv4(tcp(FOUR_A + FOUR_B, 40000, 80)), ipv6(tcp(SIX_A + SIX_B, 40000, 80))
    return [*packets, syn4, error4(syn4, 3, 13), syn6, error6(syn6, 1, 1), error4(packets[0], 11, 1, keep=60)]
