"""One capture, or one part of it, to chunks: columns of consecutive records, and any single packet in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from probe.capture import pcap, pcapng
from probe.capture.batch import Batch, Int64
from probe.capture.columns import extract
from probe.capture.errors import CaptureError
from probe.capture.sources import Progress, Source, complaint, recognise
from probe.capture.tables import Addresses
from probe.capture.window import CHUNK, Window
from probe.wire.decode import Decoded, Skipped, unpack


class Chunk:
    """The TCP segments among consecutive records of a file.

    ``columns`` has one row a segment; ``number`` and ``time`` (nanoseconds since 1970, 0 where the file gives none)
    belong to it row by row. ``skipped`` counts the other records by reason. ``section_comments`` are those of pcapng
    sections that begin here. Holds the file's ``octets``, which ``columns`` index: let it go when done.
    """

    def __init__(self, batch: Batch, addresses: Addresses) -> None:
        """Read the columns; ``addresses`` grows by what is new."""
        self.addresses = addresses
        self.first = batch.first
        self.octets = batch.octets
        self.section_comments = batch.notes
        self.columns, self.skipped = extract(batch, addresses)
        self.number: Int64 = self.columns.record + batch.first
        self.time: Int64 = batch.time[self.columns.record]
        self._batch = batch

    def __len__(self) -> int:
        return len(self.columns)

    def row(self, number: int) -> int | None:
        """The row of a packet number; None when that record is no TCP segment of this chunk."""
        row = int(np.searchsorted(self.number, number))
        return row if row < len(self) and self.number[row] == number else None

    def packet(self, row: int) -> bytes:
        """The captured octets from the IP header on."""
        start = int(self.columns.ip[row])
        return self.octets[start : start + int(self.columns.room[row])].tobytes()

    def exact(self, row: int) -> Decoded:
        """The whole segment: options, faults, payload, and what the checksum says."""
        decoded = unpack(self.packet(row), wire_length=int(self.columns.wire[row]))
        if isinstance(decoded, Skipped):
            raise AssertionError(f"packet {self.number[row]} was a segment and is now {decoded.reason!r}")
        return decoded

    def comments(self, row: int) -> tuple[str, ...]:
        """The packet's comments (pcapng)."""
        batch, record = self._batch, int(self.columns.record[row])
        if batch.options is None or batch.options_end is None or not batch.options[record]:
            return ()
        data = batch.octets[int(batch.options[record]) : int(batch.options_end[record])].tobytes()
        return pcapng.comments(data, batch.order)


@dataclass(frozen=True, slots=True)
class Part:
    """Part of a file to read: the records that start in the octets [start, end); ``end`` None: to the end.

    ``context`` is what came before a pcapng part. ``first`` is the number of its first record; where it is not
    known (None) numbers start at 1 and the sum of ``records`` of the parts before is to be added. Can be sent to
    another process.
    """

    path: str
    start: int = 0
    end: int | None = None
    first: int | None = 1
    context: pcapng.Context | None = None


class Reading:
    """Iterates over the chunks of a part, once.

    After the last chunk, a truncated or damaged file raises CaptureError. ``records`` and ``skipped`` count what has
    been read so far; ``offset`` is the octet up to which that is. A part that was cut rightly ends at its ``end``:
    where ``offset`` differs after the last chunk, the next part starts at no record and must be read from there.
    """

    def __init__(
        self,
        part: Part | str,
        *,
        addresses: Addresses | None = None,
        progress: Progress | None = None,
        chunk: int = CHUNK,
    ) -> None:
        """``part`` may be a path or ``-``; ``chunk`` is how many octets are read at a time."""
        self.part = Part(part) if isinstance(part, str) else part
        self.addresses = Addresses() if addresses is None else addresses
        self.records = 0
        self.skipped: Counter[str] = Counter()
        self.offset = self.part.start
        self._progress = progress
        self._chunk = chunk

    def __iter__(self) -> Iterator[Chunk]:
        with Source(self.part.path, self._progress) as source:
            window = Window(source, self._chunk)
            try:
                for batch in self._batches(window):
                    self.records += len(batch)
                    self.offset = window.offset
                    chunk = Chunk(batch, self.addresses)
                    self.skipped += chunk.skipped
                    yield chunk
            except CaptureError as error:
                self.offset = error.offset
                raise
            self.offset = window.offset
            source.stop()

    def _batches(self, window: Window) -> Iterator[Batch]:
        """The batches of the part, by the kind of file."""
        part = self.part
        window.ensure(4)
        head = window.octets[: window.size][:8].tobytes()
        kind = recognise(head)
        if kind not in ("pcap", "pcapng"):
            raise window.fault((window.size < 4 and window.source.fault) or complaint(head))
        header = None
        if kind == "pcap":
            if not window.ensure(pcap.FILE_HEADER):
                raise window.ends("its header")
            header = pcap.parse_header(window.octets[: pcap.FILE_HEADER].tobytes())
            window.at = pcap.FILE_HEADER
        if part.start:
            window.jump(part.start)
        if header is not None:
            return pcap.batches(window, header, part.first or 1, part.end)
        return pcapng.Walker(window, part.context, part.end).batches(part.first or 1)
