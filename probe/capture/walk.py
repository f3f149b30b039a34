"""From record to record: where each one starts, in plain Python."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from probe.capture.batch import Int64
from probe.capture.window import Octets


@dataclass(frozen=True, slots=True)
class Layout:
    """A record is ``overhead`` octets plus the 32-bit length found ``length_at`` octets from its start.

    A length below ``least`` ends the walk.
    """

    order: str
    length_at: int
    overhead: int
    least: int


def walk(octets: Octets, size: int, at: int, layout: Layout) -> tuple[Int64, int]:
    """The starts of the whole records in ``octets[at:size]``, and where the first that is not whole starts."""
    read, view = struct.Struct(f"{layout.order}I").unpack_from, octets.data
    length_at, overhead = layout.length_at, layout.overhead
    found: list[int] = []
    append = found.append
    limit = size - length_at - 4
    while at <= limit:
        after = at + overhead + read(view, at + length_at)[0]
        if after > size:
            break
        append(at)
        at = after
    return np.array(found, np.int64), at
