"""Classic pcap: the file header, and the records of one window after the other."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from probe.capture.batch import Batch, Int64, field32
from probe.capture.walk import Layout, walk
from probe.capture.window import Window

FILE_HEADER = 24
MAX_CAPTURED = 262144
"""libpcap's and Wireshark's bound on one packet; a larger claim means that the file is damaged."""

_MICRO, _NANO, _KUZNETZOV = 0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34


@dataclass(frozen=True, slots=True)
class Header:
    """What the file header says: byte order, nanoseconds in one unit of the time's fraction, link type, record size."""

    order: str
    unit: int
    link: int
    record: int

    @property
    def layout(self) -> Layout:
        """How to walk the records."""
        return Layout(self.order, length_at=8, overhead=self.record)


def parse_header(data: bytes) -> Header:
    """The header in the file's first 24 octets, whose magic number has been recognised."""
    order = "<" if data[0] in (0xD4, 0x4D, 0x34) else ">"
    magic, network = struct.unpack(f"{order}I16xI", data)
    # The upper half of the last field tells of a frame check sequence, not of the link type.
    return Header(order, 1 if magic == _NANO else 1000, network & 0xFFFF, 24 if magic == _KUZNETZOV else 16)


def batches(window: Window, header: Header, first: int = 1, end: int | None = None) -> Iterator[Batch]:
    """The records from where the window stands, those that start before ``end`` where it is given.

    Raises CaptureError at the first record that is cut off or cannot be true, after yielding all before it.
    """
    while (end is None or window.offset < end) and _whole(window, header):
        offsets = walk(window.octets, window.size, window.at, header.layout)
        if end is not None:
            offsets = offsets[: np.searchsorted(offsets, end - window.base)]
        captured = field32(window.octets, offsets + 8, header.order)
        if (wrong := np.flatnonzero(captured > MAX_CAPTURED)).size:
            offsets, captured = offsets[: wrong[0]], captured[: wrong[0]]
        window.at = int(offsets[-1] + header.record + captured[-1])
        yield _batch(window, header, offsets, captured, first)
        first += len(offsets)


def _whole(window: Window, header: Header) -> bool:
    """Whether a whole record follows; False at the end of the file, CaptureError for anything else."""
    if not window.ensure(header.record):
        if window.exhausted:
            return False
        raise window.ends("a record header")
    (length,) = struct.unpack_from(f"{header.order}I", window.octets.data, window.at + 8)
    if length > MAX_CAPTURED:
        raise window.fault(f"a record claims {length} captured octets, more than any capture holds")
    if not window.ensure(header.record + length):
        raise window.ends("a record")
    return True


def _batch(window: Window, header: Header, offsets: Int64, captured: Int64, first: int) -> Batch:
    octets, order = window.octets, header.order
    seconds, fraction = field32(octets, offsets, order), field32(octets, offsets + 4, order)
    return Batch(
        octets, window.base, first,
        at=offsets + header.record,
        captured=captured,
        wire=np.maximum(field32(octets, offsets + 12, order), captured),
        time=seconds * 1_000_000_000 + fraction * header.unit,
        link=np.full(len(offsets), header.link, np.int64),
    )  # fmt: skip
