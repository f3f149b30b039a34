"""Classic pcap: the file header, and the records of one window after the other."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from probe.capture.batch import Batch, Int64, field32
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
    order = header.order
    while (end is None or window.offset < end) and _whole(window, header):
        octets, offsets = window.octets, _walk(window, header)
        if end is not None:
            offsets = offsets[: np.searchsorted(offsets, end - window.base)]
        captured = field32(octets, offsets + 8, order)
        if (wrong := np.flatnonzero(captured > MAX_CAPTURED)).size:
            offsets, captured = offsets[: wrong[0]], captured[: wrong[0]]
        window.at = int(offsets[-1] + header.record + captured[-1])
        seconds, fraction = field32(octets, offsets, order), field32(octets, offsets + 4, order)
        yield Batch(
            octets, first,
            at=offsets + header.record,
            captured=captured,
            wire=np.maximum(field32(octets, offsets + 12, order), captured),
            time=seconds * 1_000_000_000 + fraction * header.unit,
            link=np.full(len(offsets), header.link, np.int64),
        )  # fmt: skip
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


def _walk(window: Window, header: Header) -> Int64:
    """The starts of the whole records in the window. The loop is bare: it runs once for every packet."""
    read, view = struct.Struct(f"{header.order}8xI").unpack_from, window.octets.data
    overhead, at, size = header.record, window.at, window.size
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
