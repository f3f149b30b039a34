"""One capture, or one part of it, to chunks: columns of consecutive records, and any single packet in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import numpy as np

from probe.capture import pcap, pcapng
from probe.capture.batch import Batch, Int64
from probe.capture.columns import extract
from probe.capture.errors import CaptureError
from probe.capture.fragments import Fragments
from probe.capture.sources import Progress, Source, complaint, recognise
from probe.capture.tables import Addresses
from probe.capture.window import CHUNK, Window
from probe.wire.decode import Decoded, Skipped, unpack


class Chunk:
    """The TCP segments among consecutive records of a file.

    ``columns`` has one row a segment; ``number`` and ``time`` (nanoseconds since 1970, 0 where the file gives none)
    belong to it row by row. ``skipped`` counts the other records by reason, ``errors`` are
    those of ICMP that quote a segment. ``section_comments`` are those of pcapng
    sections that begin here. Holds the file's ``octets``, which ``columns`` index: let it go when done.
    """

    def __init__(self, batch: Batch, addresses: Addresses, fragments: Fragments, *, beyond: bool = False) -> None:
        """Read the columns; ``addresses`` and ``fragments`` grow by what is new. ``beyond``: see ``extract``."""
        self.addresses = addresses
        self.first = batch.first
        self.section_comments = batch.notes
        found = extract(batch, addresses, fragments, beyond=beyond)
        self.octets, self.columns, self.skipped = found.octets, found.columns, found.skipped
        self.errors = found.errors
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

    A datagram whose first fragment lies in the part is put together in it, wherever the others lie: the last chunk may
    hold segments of records behind its end. What ``skipped`` then lacks, or has below zero, the next part has too much.
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
        self._fragments = Fragments()
        self._progress = progress
        self._chunk = chunk

    def __iter__(self) -> Iterator[Chunk]:
        first = self.part.first or 1
        with Source(self.part.path, self._progress) as source:
            window = Window(source, self._chunk)
            try:
                batches = self._opened(window)
                for batch in batches(first, self.part.end):
                    self.records += len(batch)
                    self.offset = window.offset
                    yield self._counted(Chunk(batch, self.addresses, self._fragments))
            except CaptureError as error:
                self.offset = error.offset
                raise
            self.offset = window.offset
            if self.part.end is not None and self._fragments.some:
                with suppress(CaptureError):  # that is the next part's
                    yield from self._beyond(batches(first + self.records, None))
            source.stop()

    def _counted(self, chunk: Chunk) -> Chunk:
        self.skipped.update(chunk.skipped)
        return chunk

    def _beyond(self, batches: Iterator[Batch]) -> Iterator[Chunk]:
        """What completes datagrams that have begun in this part."""
        for batch in batches:
            if not len(batch) or not self._fragments.waits(batch.first, int(batch.time[0])):
                return
            chunk = self._counted(Chunk(batch, self.addresses, self._fragments, beyond=True))
            if len(chunk):
                yield chunk

    def _opened(self, window: Window) -> Callable[[int, int | None], Iterator[Batch]]:
        """What gives the batches of the part, by the kind of file: (number of the first record, where to end)."""
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
            return partial(pcap.batches, window, header)
        return pcapng.Walker(window, part.context).batches
