"""Captures made by hand: packets, link headers, pcap and pcapng files of every kind, octet by octet."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import NamedTuple

from probe.spec.segment import ACK, PSH, SYN
from probe.wire.checksum import checksum, pseudo, words

EVENING = 1_700_000_000_123_456_789
"""A time in nanoseconds since 1970 whose digits all tell."""


class Frame(NamedTuple):
    """A packet as a file holds it; ``cut`` is how many octets were captured (None: all)."""

    data: bytes
    time: int = EVENING
    cut: int | None = None


def tcp(
    addresses: bytes, sport: int, dport: int, seq: int = 1, ack: int = 0, flags: int = SYN, *,
    window: int = 64240, options: bytes = b"", payload: bytes = b"", offset: int | None = None, wrong_sum: bool = False,
) -> bytes:  # fmt: skip
    """A TCP segment with its checksum over the pseudo-header of ``addresses``."""
    words_of_header = 5 + len(options) // 4 if offset is None else offset
    head = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, words_of_header << 4, flags, window, 0, 0)
    body = head + options + payload
    total = checksum(pseudo(addresses, len(body)) + words(body))
    return body[:16] + struct.pack("!H", total ^ 0x5A5A if wrong_sum else total) + body[18:]


def ipv4(
    body: bytes, source: bytes = b"\x0a\0\0\x01", target: bytes = b"\x0a\0\0\x02", *,
    protocol: int = 6, options: bytes = b"", total: int | None = None, fragment: int = 0x4000,
) -> bytes:  # fmt: skip
    """An IPv4 packet."""
    size = 20 + len(options)
    length = size + len(body) if total is None else total
    head = struct.pack("!BBHHHBBH", 0x40 | size // 4, 0, length, 7, fragment, 64, protocol, 0) + source + target
    head += options
    return head[:10] + struct.pack("!H", checksum(words(head))) + head[12:] + body


SIX_A = bytes.fromhex("20010db8000000000000000000000001")
SIX_B = bytes.fromhex("20010db8000000010000000000000002")
FOUR_A, FOUR_B = b"\x0a\0\0\x01", b"\x0a\0\0\x02"


def ipv6(
    body: bytes, source: bytes = SIX_A, target: bytes = SIX_B, *, following: int = 6, length: int | None = None
) -> bytes:
    """An IPv6 packet; ``body`` starts with any extension headers."""
    return (
        struct.pack("!IHBB", 6 << 28, len(body) if length is None else length, following, 64) + source + target + body
    )


def conversation(version: int, count: int = 8, payload: bytes = b"hello") -> list[bytes]:
    """IP packets of both directions and several ports, with and without options and payload."""
    packets = []
    ends = (FOUR_A, FOUR_B) if version == 4 else (SIX_A, SIX_B)
    for index in range(count):
        source, target = ends if index % 2 == 0 else ends[::-1]
        ports = (40000 + index // 4, 80) if index % 2 == 0 else (80, 40000 + index // 4)
        options = b"\x01\x01\x08\x0a" + struct.pack("!II", index, 2**32 - 1 - index) if index % 3 else b""
        body = tcp(
            source + target, *ports, 2**32 - 3 + index if index < 3 else index, index << 28 & 0xFFFFFFFF,
            SYN if index == 0 else ACK | PSH, options=options, payload=payload * (index % 4),
            window=index * 8000 % 65536,
        )  # fmt: skip
        packets.append(ipv4(body, source, target) if version == 4 else ipv6(body, source, target))
    return packets


def version_of(packet: bytes) -> int:
    """4 or 6, from the IP header."""
    return packet[0] >> 4 if packet else 6


def _ether_type(packet: bytes) -> bytes:
    return b"\x08\x00" if version_of(packet) == 4 else b"\x86\xdd"


def ethernet(packet: bytes, tags: Iterable[int] = ()) -> bytes:
    """An Ethernet frame, padded to 60 octets; each tag is the Ethernet type of a VLAN tag (0x8100, 0x88A8)."""
    between = b"".join(struct.pack("!HH", tag, 5) for tag in tags)
    return (b"\2\0\0\0\0\1\2\0\0\0\0\2" + between + _ether_type(packet) + packet).ljust(60, b"\0")


def _null(order: str, family: int) -> Callable[[bytes], bytes]:
    return lambda packet: struct.pack(f"{order}I", 2 if version_of(packet) == 4 else family) + packet


LINKS: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "ethernet": (1, ethernet),
    "vlan": (1, lambda packet: ethernet(packet, [0x8100])),
    "qinq": (1, lambda packet: ethernet(packet, [0x88A8, 0x8100])),
    "three tags": (1, lambda packet: ethernet(packet, [0x9100, 0x8100, 0x8100])),
    "raw 12": (12, bytes),
    "raw 14": (14, bytes),
    "raw 101": (101, bytes),
    "null linux little": (0, _null("<", 10)),
    "null freebsd little": (0, _null("<", 28)),
    "null darwin big": (0, _null(">", 30)),
    "null openbsd big": (0, _null(">", 24)),
    "loop": (108, _null(">", 24)),
    "sll": (113, lambda packet: struct.pack("!HHH8s", 4, 1, 6, b"\2\0\0\0\0\1") + _ether_type(packet) + packet),
    "sll2": (276, lambda packet: _ether_type(packet) + struct.pack("!HIHBB8s", 0, 3, 1, 4, 6, b"\2") + packet),
}


def pcap(
    frames: Iterable[Frame], *, link: int = 1, order: str = "<", nano: bool = False, snap: int = 262144, magic: int = 0
) -> bytes:
    """A classic capture file. ``magic`` 0xA1B2CD34 gives Kuznetzov's longer records."""
    magic = magic or (0xA1B23C4D if nano else 0xA1B2C3D4)
    unit = 1 if nano else 1000
    out = [struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, snap, link)]
    for frame in frames:
        kept = frame.data[: frame.cut]
        seconds, rest = divmod(frame.time, 10**9)
        head = struct.pack(f"{order}IIII", seconds, rest // unit, len(kept), len(frame.data))
        out += [head, bytes(8) if magic == 0xA1B2CD34 else b"", kept]
    return b"".join(out)


class Ng:
    """Builds pcapng block by block, in the byte order of the latest section."""

    def __init__(self) -> None:
        self.data = b""
        self._order = "<"

    def block(self, kind: int, body: bytes) -> Ng:
        """Any block; the body is padded."""
        body += bytes(-len(body) % 4)
        size = struct.pack(f"{self._order}I", len(body) + 12)
        self.data += struct.pack(f"{self._order}I", kind) + size + body + size
        return self

    def _options(self, options: Iterable[tuple[int, bytes]]) -> bytes:
        out = b"".join(
            struct.pack(f"{self._order}HH", code, len(value)) + value + bytes(-len(value) % 4)
            for code, value in options
        )
        return out + bytes(4) if out else b""

    def section(self, order: str = "<", comment: str = "") -> Ng:
        """A section header."""
        self._order = order
        body = struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1)
        return self.block(0x0A0D0D0A, body + self._options([(1, comment.encode())] if comment else []))

    def interface(self, link: int = 1, snap: int = 0, resolution: int | None = None, offset: int | None = None) -> Ng:
        """An interface description."""
        options = [] if resolution is None else [(9, bytes((resolution,)))]
        options += [] if offset is None else [(14, struct.pack(f"{self._order}q", offset))]
        return self.block(1, struct.pack(f"{self._order}HHI", link, 0, snap) + self._options(options))

    def enhanced(self, frame: Frame, interface: int = 0, ticks: int | None = None, comments: Iterable[str] = ()) -> Ng:
        """An enhanced packet block; ``ticks`` defaults to microseconds."""
        ticks = frame.time // 1000 if ticks is None else ticks
        kept = frame.data[: frame.cut]
        head = struct.pack(f"{self._order}IIIII", interface, ticks >> 32, ticks % 2**32, len(kept), len(frame.data))
        options = self._options([(1, text.encode()) for text in comments])
        return self.block(6, head + kept + bytes(-len(kept) % 4) + options)

    def obsolete(self, frame: Frame, interface: int = 0) -> Ng:
        """An obsolete packet block."""
        ticks, kept = frame.time // 1000, frame.data[: frame.cut]
        head = struct.pack(f"{self._order}HHIIII", interface, 0, ticks >> 32, ticks % 2**32, len(kept), len(frame.data))
        return self.block(2, head + kept)

    def simple(self, frame: Frame) -> Ng:
        """A simple packet block."""
        return self.block(3, struct.pack(f"{self._order}I", len(frame.data)) + frame.data[: frame.cut])


def frames(packets: Iterable[bytes], link: str = "ethernet") -> list[Frame]:
    """The packets behind a link header, a microsecond apart."""
    wrap = LINKS[link][1]
    return [Frame(wrap(packet), EVENING + 1000 * index) for index, packet in enumerate(packets)]


def fair_packets() -> list[bytes]:
    """IP packets that any reader takes alike: both versions, options, extension headers, other protocols."""
    four, six = FOUR_A + FOUR_B, SIX_A + SIX_B
    plain4, plain6 = tcp(four, 1, 2, 3, 4, ACK, payload=b"abc"), tcp(six, 1, 2, 3, 4, ACK, payload=b"abc")
    return [
        *conversation(4), *conversation(6),
        ipv4(plain4, options=b"\x01" * 8),
        ipv4(plain4, fragment=0x2000), ipv4(plain4, fragment=0x0010),
        ipv4(tcp(four, 1, 2, flags=0xFF, wrong_sum=True, payload=b"!")),
        ipv4(tcp(four, 1, 2, payload=b"super" * 100), total=0),
        ipv4(b"\0" * 8, protocol=17), ipv4(b"\x08" * 8, protocol=1), ipv4(b"\0" * 8, protocol=200),
        ipv6(b"\x06\0\1\4\0\0\0\0" + plain6, following=0),
        ipv6(b"\x3c\0\1\4\0\0\0\0\x06\0\1\4\0\0\0\0" + plain6, following=43),
        ipv6(b"\x06\0\0\0\0\0\0\7" + plain6, following=44), ipv6(b"\x06\0\0\1\0\0\0\7" + plain6, following=44),
        ipv6(b"\x11\0\1\4\0\0\0\0" + b"\0" * 8, following=60),
        ipv6(b"\0" * 8, following=17), ipv6(b"\0" * 8, following=58),
        ipv4(plain4, FOUR_A, FOUR_A), ipv6(plain6, SIX_A, SIX_A),
    ]  # fmt: skip


def foul_packets() -> list[bytes]:
    """IP packets with lengths that contradict each other, and headers that are no headers."""
    four, six = FOUR_A + FOUR_B, SIX_A + SIX_B
    plain4, plain6 = tcp(four, 1, 2, 3, 4, ACK, payload=b"abc"), tcp(six, 1, 2, 3, 4, ACK, payload=b"abc")
    return [
        ipv4(plain4, total=30), ipv4(plain4, total=10), ipv4(plain4, total=4000),
        ipv4(tcp(four, 1, 2, offset=2)), ipv4(tcp(four, 1, 2, offset=15)), ipv4(tcp(four, 1, 2)[:12]), ipv4(b"\0\1"),
        ipv6(plain6, length=0), ipv6(plain6, length=3), ipv6(plain6, length=3000), ipv6(b"\6", following=0),
        ipv6(b"\6\xff" + bytes(6) + plain6, following=0),
        b"\x40" + ipv4(plain4)[1:], b"\x4f" + ipv4(plain4)[1:], b"\x50" + ipv4(plain4)[1:], b"\x45", b"\x60",
    ]  # fmt: skip


def every_packet() -> list[bytes]:
    """Fair and foul."""
    return fair_packets() + foul_packets()
