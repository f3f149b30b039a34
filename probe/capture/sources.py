"""Files, folders and standard input to streams of capture octets, plain or gzip."""

from __future__ import annotations

import os
import stat
import sys
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, Self

from probe.capture.errors import CaptureError

Progress = Callable[[int, int | None], None]
"""Called with the octets of the file read so far and its size; None where the size is not known (a pipe)."""

Kind = Literal["pcap", "pcapng", "gzip"]

STDIN = "-"
_HEAD = 8
_STEP = 1 << 16
_GZIP_ONLY = 31  # zlib's window bits for a gzip wrapper
_PCAP = tuple(
    number.to_bytes(4, order)
    for number in (0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34)  # micro-, nanoseconds, and Kuznetzov's longer record header
    for order in ("little", "big")
)
_SECTION = b"\x0a\x0d\x0d\x0a"
_GZIP = b"\x1f\x8b"
_FOREIGN = (
    (b"\x28\xb5\x2f\xfd", "zstd-compressed: unpack it first, for example with `zstd -d`"),
    (b"\x04\x22\x4d\x18", "lz4-compressed: unpack it first, for example with `lz4 -d`"),
    (b"\xfd7zXZ", "xz-compressed: unpack it first, for example with `xz -d`"),
    (b"BZh", "bzip2-compressed: unpack it first, for example with `bunzip2`"),
    (b"PK\x03\x04", "a zip archive: unpack it first"),
    (b"snoop\0\0\0", "a snoop capture: convert it first, for example with `editcap -F pcapng`"),
)


def recognise(head: bytes) -> Kind | None:
    """What starts with ``head`` (four octets are enough), or None for anything else."""
    if head[:4] in _PCAP:
        return "pcap"
    if head[:4] == _SECTION:
        return "pcapng"
    return "gzip" if head[:2] == _GZIP else None


def complaint(head: bytes) -> str:
    """Why a file that starts with ``head`` is no capture, in words."""
    if not head:
        return "the file is empty"
    for magic, words in _FOREIGN:
        if head.startswith(magic):
            return f"the file is {words}"
    return "not a capture file (neither pcap nor pcapng)"


@dataclass(frozen=True, slots=True)
class Found:
    """Capture files in the order to read them, and what a folder held besides, as (path, reason)."""

    files: tuple[str, ...]
    passed_over: tuple[tuple[str, str], ...] = ()


def find(arguments: Iterable[str]) -> Found:
    """The files that the arguments name: a file or ``-`` as it stands, a folder's captures by their first octets.

    CaptureError for a name that does not exist.
    """

    def refuse(error: OSError) -> None:
        raise CaptureError(str(error.filename), 0, f"cannot list the folder: {error.strerror}")

    files: list[str] = []
    others: list[tuple[str, str]] = []
    for argument in arguments:
        path = Path(argument)
        if argument == STDIN or not path.is_dir():
            if argument != STDIN and not path.exists():
                raise CaptureError(argument, 0, "no such file or folder")
            files.append(argument)
            continue
        for parent, folders, names in os.walk(path, onerror=refuse):  # follows no link to a folder: no loop can arise
            folders.sort()
            for inside in (Path(parent, name) for name in sorted(names)):
                reason = _why_not(inside)
                others.append((str(inside), reason)) if reason else files.append(str(inside))
    return Found(tuple(files), tuple(others))


def _why_not(path: Path) -> str:
    """Why a file found in a folder is passed over; empty for a capture."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return "not a regular file"
        with path.open("rb", buffering=0) as file:
            head = file.read(_HEAD)
            if recognise(head) == "gzip":
                head = Inflater(file, head).read(_HEAD)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return "" if recognise(head) in ("pcap", "pcapng") else "not a capture file"


class Inflater:
    """Reads the decompressed octets of a gzip file. ``fault`` says in words what ended the stream before its end."""

    def __init__(self, file: BinaryIO, head: bytes = b"") -> None:
        """``head`` are octets of ``file`` already read. ``consumed`` counts the compressed octets taken."""
        self._file = file
        self._engine = zlib.decompressobj(_GZIP_ONLY)
        self._pending = head
        self._ended = False
        self.consumed = len(head)
        self.fault = ""

    def read(self, size: int) -> bytes:
        """At most ``size`` octets; empty at the end of the stream or at its fault."""
        while not self._ended:
            if not self._pending:
                self._pending = self._file.read(_STEP)
                self.consumed += len(self._pending)
            if not self._pending:
                self._ended, self.fault = True, "the gzip data ends early"
                break
            before = self._engine.copy()
            try:
                data = self._engine.decompress(self._pending, size)
            except zlib.error as error:
                return self._salvage(before, error)
            self._pending = self._engine.unconsumed_tail
            if self._engine.eof:
                self._next_member(self._engine.unused_data)
            if data:
                return data
        return b""

    def _next_member(self, rest: bytes) -> None:
        """Start the next member. Zeros after the last one are padding, as gzip itself takes them."""
        while not (rest := rest.lstrip(b"\0")):
            more = self._file.read(_STEP)
            self.consumed += len(more)
            if not more:
                self._ended = True
                return
            rest = more
        self._engine = zlib.decompressobj(_GZIP_ONLY)
        self._pending = rest

    def _salvage(self, engine: zlib._Decompress, error: zlib.error) -> bytes:
        """What the engine still gives before the damaged octet: it is fed one by one from the state before."""
        self._ended = True
        self.fault = f"the gzip data is damaged ({str(error).rpartition(': ')[2]})"
        found = bytearray()
        for octet in self._pending:
            try:
                found += engine.decompress(bytes((octet,)))
            except zlib.error:
                break
        return bytes(found)


class Source:
    """One open capture stream, decompressed on the way. A context manager."""

    def __init__(self, path: str, progress: Progress | None = None) -> None:
        """Open ``path`` (``-``: standard input). CaptureError when that fails."""
        self.path = path
        self._progress = progress
        try:
            # Without a buffer, which would wait until it is full, and lose what it has when it is stopped.
            self._file: BinaryIO = (
                getattr(sys.stdin.buffer, "raw", sys.stdin.buffer)
                if path == STDIN
                else Path(path).open("rb", buffering=0)  # noqa: SIM115  # closed at the end of the context
            )
            self._head = b""
            while len(self._head) < _HEAD and (more := self._file.read(_HEAD - len(self._head))):
                self._head += more  # a pipe may hand over its octets one by one
        except OSError as error:
            raise CaptureError(path, 0, f"cannot be opened: {error.strerror}") from error
        self.total: int | None = None
        with suppress(OSError, ValueError):
            status = os.fstat(self._file.fileno())
            self.total = status.st_size if stat.S_ISREG(status.st_mode) else None
        self._consumed = len(self._head)
        self._stopped: KeyboardInterrupt | None = None
        self._inflater: Inflater | None = None
        if recognise(self._head) == "gzip":
            self._inflater, self._head = Inflater(self._file, self._head), b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.path != STDIN:  # that is left open
            self._file.close()

    @property
    def compressed(self) -> bool:
        """Whether the stream is gzip."""
        return self._inflater is not None

    @property
    def fault(self) -> str:
        """What ended the stream before its end (damaged gzip), in words; empty when nothing did."""
        return self._inflater.fault if self._inflater else ""

    def seek(self, offset: int) -> None:
        """Go on at an offset of a plain file."""
        self._file.seek(offset)
        self._head = b""
        self._consumed = offset

    def stop(self) -> None:
        """Raise what stopped the reading, if anything did."""
        if self._stopped is not None:
            raise self._stopped

    def fill(self, view: memoryview) -> int:
        """Read until ``view`` is full or the stream ends; how many octets were read.

        CaptureError when reading fails. Ctrl-C (and what ends a replay like it) comes after what was read before it.
        """
        self.stop()
        got = 0
        try:
            while got < len(view) and (count := self._some(view[got:])):
                got += count
        except OSError as error:
            raise CaptureError(self.path, self._consumed, f"reading failed: {error.strerror}") from error
        except KeyboardInterrupt as stop:
            self._stopped = stop
            if not got:
                raise
        if self._progress is not None:
            self._progress(self._inflater.consumed if self._inflater else self._consumed, self.total)
        return got

    def _some(self, view: memoryview) -> int:
        if self._inflater is not None or self._head:
            data = self._inflater.read(len(view)) if self._inflater else self._head[: len(view)]
            view[: len(data)] = data
            self._head = self._head[len(data) :]
            return len(data)
        count: int = self._file.readinto(view) or 0  # type: ignore[attr-defined]  # raw files have it
        self._consumed += count
        return count
