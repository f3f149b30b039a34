"""From record to record: where each one starts, in plain Python."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from probe.capture.batch import Int64
from probe.capture.window import Octets


@dataclass(frozen=True, slots=True)
class Layout:
    """A record is ``overhead`` octets plus the 32-bit length found ``length_at`` octets from its start."""

    order: str
    length_at: int
    overhead: int


def walk(octets: Octets, size: int, at: int, layout: Layout) -> Int64:
    """The starts of the whole records in ``octets[at:size]``. The loop is bare: it runs once for every packet."""
    read, view = struct.Struct(f"{layout.order}{layout.length_at}xI").unpack_from, octets.data
    overhead = layout.overhead
    found: list[int] = []
    append = found.append
    limit = size - overhead
    while at <= limit:
        (length,) = read(view, at)
        append(at)
        at += overhead + length
    if at > size:
        found.pop()
    return np.array(found, np.int64)
