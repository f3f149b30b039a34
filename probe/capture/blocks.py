"""The blocks of pcapng that describe packets: sections, interfaces, options, and the clocks of interfaces."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from probe.capture.batch import Int64

Unsigned = NDArray[np.uint64]

SECTION, INTERFACE, PACKET, SIMPLE, ENHANCED = 0x0A0D0D0A, 1, 2, 3, 6
NUMBERED = frozenset((0x09, 0x204, 0x216, 0x221, 0x0BAD, 0x40000BAD))
"""Journal entries, system calls and custom blocks: no packets, but Wireshark numbers them like packets."""
MAX_BLOCK = 16 << 20
"""Wireshark's bound on one block; a larger claim means that the file is damaged."""

_COMMENT, _RESOLUTION, _OFFSET = 1, 9, 14
_GIGA = 1_000_000_000
_TENS = np.array([10**power for power in range(20)], np.uint64)


@dataclass(frozen=True, slots=True)
class Interface:
    """An interface: link type, snap length (0: none), and its clock as if_tsresol and if_tsoffset give it."""

    link: int
    snap: int = 0
    resolution: int = 6
    offset: int = 0


def nanoseconds(ticks: Unsigned, resolution: Unsigned, offset: Int64) -> Int64:
    """Nanoseconds since 1970 for time stamps in units of ``resolution`` (if_tsresol), ``offset`` seconds late.

    The last two have one entry a stamp, or one for all. Absurd clocks wrap around, they do not fail.
    """
    exponent = resolution & np.uint64(0x7F)
    scaled = _decimal(ticks, exponent)
    if (resolution > 0x7F).any():
        scaled = np.where(resolution > 0x7F, _binary(ticks, exponent), scaled)
    return scaled.astype(np.int64) + offset * np.int64(_GIGA)


def _decimal(ticks: Unsigned, exponent: Unsigned) -> Unsigned:
    up = _TENS[9 - np.minimum(exponent, np.uint64(9)).astype(np.int64)]
    down = _TENS[np.clip(exponent.astype(np.int64) - 9, 0, 19)]
    scaled = ticks * up
    return scaled // down if (down > 1).any() else scaled


def _binary(ticks: Unsigned, exponent: Unsigned) -> Unsigned:
    exponent = np.minimum(exponent, np.uint64(63))
    whole, part = ticks >> exponent, ticks & ((np.uint64(1) << exponent) - np.uint64(1))
    kept = np.minimum(exponent, np.uint64(34))  # a 34-bit fraction times 10**9 is the most that fits
    return whole * np.uint64(_GIGA) + ((part >> (exponent - kept)) * np.uint64(_GIGA) >> kept)


def impossible(kind: int, size: int) -> str:
    """What to say of a block whose total length no block can have."""
    return f"a block of type {kind:#x} claims {size} octets, which cannot be"


def byte_order(data: bytes) -> str:
    """The byte order of a section, from its header's magic at octets 8 to 11; empty for no known magic."""
    return {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}.get(data[8:12], "")


def interface(body: bytes, order: str) -> Interface:
    """The interface that a description block's body (at least eight octets) gives."""
    link, snap = struct.unpack_from(f"{order}HxxI", body)
    resolution, offset = 6, 0
    for code, value in options(body[8:], order):
        if code == _RESOLUTION and value:
            resolution = value[0]
        elif code == _OFFSET and len(value) >= 8:
            (offset,) = struct.unpack_from(f"{order}q", value)
    return Interface(link, snap, resolution, offset)


def options(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """(code, value) of each option until opt_endofopt, the end, or a length that leads past the end."""
    at = 0
    while at + 4 <= len(data):
        code, length = struct.unpack_from(f"{order}HH", data, at)
        if code == 0 or at + 4 + length > len(data):
            return
        yield code, data[at + 4 : at + 4 + length]
        at += 4 + length + -length % 4


def comments(data: bytes, order: str) -> tuple[str, ...]:
    """The comments among the options."""
    return tuple(value.decode("utf-8", "replace") for code, value in options(data, order) if code == _COMMENT)
