"""The same columns by two other hands: tshark, and the exact decoder packet by packet."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

from probe.capture.errors import CaptureError
from probe.capture.reader import Chunk, Part, Reading


class Row(NamedTuple):
    """One segment, as any reader of it should see it."""

    number: int
    time: int
    source: str
    sport: int
    target: str
    dport: int
    seq: int
    ack: int
    flags: int
    length: int
    window: int


class Told(NamedTuple):
    """What a capture gave: segments, what was skipped, how many records, and the error that ended it."""

    rows: list[Row]
    skipped: Counter[str]
    records: int
    error: CaptureError | None


FIELDS = (
    "frame.number", "frame.time_epoch", "ip.src", "ipv6.src", "tcp.srcport", "ip.dst", "ipv6.dst", "tcp.dstport",
    "tcp.seq_raw", "tcp.ack_raw", "tcp.flags", "tcp.len", "tcp.window_size_value",
)  # fmt: skip


def tshark(path: Path, *, inside: int | None = None) -> list[Row]:
    """tshark's columns; ``inside``: the IP version within tunnels. Skips the test where tshark is missing."""
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    command = ["tshark", "-n", "-r", str(path), "-Y", "tcp && !icmp && !icmpv6", "-T", "fields"]
    command += ["-E", "occurrence=l"] if inside else []
    for field in FIELDS:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    cells = [line.split("\t") for line in done.stdout.splitlines()]
    for row in cells:
        for outer in {4: (3, 6), 6: (2, 5), None: ()}[inside]:
            row[outer] = ""
    return [_row(row) for row in cells if all(row[8:])]  # it gives a malformed or cut header not all of them


def _row(cells: list[str]) -> Row:
    number, time, src4, src6, sport, dst4, dst6, dport, seq, ack, flags, length, window = cells
    seconds, _, fraction = time.partition(".")
    return Row(
        int(number), int(seconds or 0) * 10**9 + int(fraction or 0), src4 or src6, int(sport), dst4 or dst6, int(dport),
        int(seq), int(ack or 0), int(flags, 16) & 0xFF, int(length), int(window),
    )  # fmt: skip


def ours(path: Path | str, chunk: int = 1 << 20, parts: Iterable[Part] | None = None) -> Told:
    """What the reader gives; a part whose first number is not known counts on from the parts before it."""
    rows: list[Row] = []
    skipped: Counter[str] = Counter()
    records, error = 0, None
    for part in parts or [Part(str(path))]:
        reading = Reading(part, chunk=chunk)
        before = records if part.first is None else 0
        try:
            for piece in reading:
                rows += [row._replace(number=row.number + before) for row in rows_of(piece)]
        except CaptureError as caught:
            error = caught
        skipped.update(reading.skipped)
        records += reading.records
    return Told(rows, +skipped, records, error)


def rows_of(piece: Chunk) -> list[Row]:
    """A chunk's columns, row by row."""
    columns = piece.columns
    rows = []
    for index in range(len(piece)):
        low, high = piece.addresses.ends(int(columns.flow[index]))
        source, target = (high, low) if columns.from_high[index] else (low, high)
        values = (columns.seq, columns.ack, columns.flags, columns.length, columns.window)
        numbers = [int(value) for value in (column[index] for column in values)]
        ends = source.address, source.port, target.address, target.port
        rows.append(Row(int(piece.number[index]), int(piece.time[index]), *ends, *numbers))
    return rows
