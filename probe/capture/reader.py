"""One capture, or one part of it, from its first octet to its chunks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from probe.capture import magic, pcap
from probe.capture.batch import Batch
from probe.capture.chunk import Chunk
from probe.capture.errors import CaptureError
from probe.capture.pcapng import Context, Walker
from probe.capture.sources import Progress, Source
from probe.capture.tables import Addresses
from probe.capture.window import CHUNK, Window


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
    context: Context | None = None


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
        kind = magic.recognise(head)
        if kind not in ("pcap", "pcapng"):
            raise window.fault((window.size < 4 and window.source.fault) or magic.complaint(head))
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
        return Walker(window, part.context, part.end).batches(part.first or 1)
