"""Cut one big plain capture at record boundaries into parts that can be read independently.

In pcapng the meaning of a packet hangs on blocks before it, so its blocks are walked once, which also gives the
packet numbers. In pcap a boundary is found by its looks. That is a guess, and is proved when the parts are read: the
first starts at a true boundary, and each ends where the next one starts (see `Reading.offset`).
"""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from probe.capture import pcap
from probe.capture.batch import field32
from probe.capture.errors import CaptureError
from probe.capture.pcapng import Walker
from probe.capture.reader import Part
from probe.capture.sources import STDIN, Source, recognise
from probe.capture.window import Octets, Window

LEAST = 4 << 20
"""Parts are no smaller than this: below, starting a worker costs more than it saves."""

_LONGEST = pcap.MAX_CAPTURED + 24
_SIGHT = 4 * _LONGEST
_NEAR = 1 << 13
_DAY = 86400


def cut(path: str, parts: int, least: int = LEAST) -> list[Part]:
    """At most ``parts`` parts of about the same size, in order; one for a pipe, a gzip file, or a small one.

    CaptureError when the file cannot be opened or is no capture. Faults further on are left to the readers.
    """
    if path == STDIN or not Path(path).is_file():
        return [Part(path)]
    with Source(path) as source:
        window = Window(source)
        window.ensure(pcap.FILE_HEADER)
        head = window.octets[: min(window.size, pcap.FILE_HEADER)].tobytes()
        kind = recognise(head)
        size = source.total or 0
        count = min(parts, size // least)
        if source.compressed or kind is None or count < 2 or len(head) < pcap.FILE_HEADER:
            return [Part(path)]
        targets = [size * index // count for index in range(1, count)]
        if kind == "pcapng":
            return _cut_pcapng(window, targets)
        header, found = pcap.parse_header(head), [Part(path)]
        for target in targets:
            start = _boundary(window, header, target)
            if start is not None and start > found[-1].start:
                found[-1] = replace(found[-1], end=start)
                found.append(Part(path, start, None, None))
        return found


def _cut_pcapng(window: Window, targets: list[int]) -> list[Part]:
    walker, path = Walker(window), window.source.path
    parts = [Part(path)]
    number = 1
    with suppress(CaptureError):  # the reader of the last part meets the fault again, and reports it
        for found in walker.steps():
            walker.prune()
            number += len(found)
            if targets and window.offset >= targets[0]:
                parts[-1] = replace(parts[-1], end=window.offset)
                parts.append(Part(path, window.offset, None, number, walker.context.copy()))
                targets = [target for target in targets if target > window.offset]
    return parts


def _boundary(window: Window, header: pcap.Header, target: int) -> int | None:
    """An offset at or behind ``target`` where a record starts, or None where none can be told within sight."""
    window.jump(target)
    window.ensure(_SIGHT)
    octets, size = window.octets, window.size
    last = min(size - header.record, _LONGEST)
    barren = set[int]()
    for begin, end in pairwise((0, min(_NEAR, last), last)):  # mostly a record begins soon
        for candidate in _candidates(octets, begin, end, header):
            found = _follow(octets, size, candidate, header, barren)
            if found is not None:
                return target + found
    return None


def _candidates(octets: Octets, begin: int, end: int, header: pcap.Header) -> list[int]:
    """Offsets in [begin, end) where a plausible record header stands and another follows it, at about the same time."""
    if end <= begin:
        return []
    at, size = np.arange(begin, end), len(octets) - header.record
    captured, wire = field32(octets, at + 8, header.order), field32(octets, at + 12, header.order)
    fraction = field32(octets, at + 4, header.order)
    at = at[(captured <= wire) & (captured <= pcap.MAX_CAPTURED) & (wire <= _SIGHT) & (fraction < 10**9 // header.unit)]
    following = at + header.record + field32(octets, at + 8, header.order)
    at, following = at[following < size], following[following < size]
    apart = field32(octets, following, header.order) - field32(octets, at, header.order)
    return [int(start) for start in at[np.abs(apart) < _DAY]]


def _follow(octets: Octets, size: int, start: int, header: pcap.Header, barren: set[int]) -> int | None:
    """Where a chain of plausible records leads that starts at ``start``, if it is one.

    A capture file that travels inside a packet gives such chains too. They end with the packet, so the chain must
    go on for longer than any packet is, and what counts is where it leads to. ``barren`` are places from which it leads
    nowhere, in chains from ``start`` or before: damage is met by thousands of them, each of which goes into another.
    """
    read = struct.Struct(f"{header.order}4I").unpack_from
    at, enough, passed = start, start + _LONGEST, list[int]()
    while at < enough and at + header.record <= size and at not in barren:
        passed.append(at)
        _, fraction, captured, wire = read(octets.data, at)
        if captured > min(wire, pcap.MAX_CAPTURED) or fraction >= 10**9 // header.unit:
            break
        at += header.record + captured
    if at >= enough or at == size:
        return at
    barren.update(passed)
    return None
