"""What a file is, by its first octets."""

from __future__ import annotations

from typing import Literal

Kind = Literal["pcap", "pcapng", "gzip"]

_PCAP = tuple(
    number.to_bytes(4, order)
    for number in (0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34)  # micro-, nanoseconds, and Kuznetzov's longer record header
    for order in ("little", "big")
)
_SECTION = b"\x0a\x0d\x0d\x0a"
_GZIP = b"\x1f\x8b"
_FOREIGN = (
    (b"\x28\xb5\x2f\xfd", "zstd-compressed: unpack it first, for example with `zstd -d`"),
    (b"\x04\x22\x4d\x18", "lz4-compressed: unpack it first, for example with `lz4 -d`"),
    (b"\xfd7zXZ", "xz-compressed: unpack it first, for example with `xz -d`"),
    (b"BZh", "bzip2-compressed: unpack it first, for example with `bunzip2`"),
    (b"PK\x03\x04", "a zip archive: unpack it first"),
    (b"snoop\0\0\0", "a snoop capture: convert it first, for example with `editcap -F pcapng`"),
)


def recognise(head: bytes) -> Kind | None:
    """What starts with ``head`` (four octets are enough), or None for anything else."""
    if head[:4] in _PCAP:
        return "pcap"
    if head[:4] == _SECTION:
        return "pcapng"
    return "gzip" if head[:2] == _GZIP else None


def complaint(head: bytes) -> str:
    """Why a file that starts with ``head`` is no capture, in words."""
    if not head:
        return "the file is empty"
    for magic, words in _FOREIGN:
        if head.startswith(magic):
            return f"the file is {words}"
    return "not a capture file (neither pcap nor pcapng)"
