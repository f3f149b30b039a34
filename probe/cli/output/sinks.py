"""The files a run writes: whether they can be written is known before it, and no failure costs the results."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from io import FileIO
from pathlib import Path

from probe.cli.output.terminal import say, say_all
from probe.wire.errors import WireError
from probe.wire.record import Recorder
from probe.wire.rights import give_to_caller

_PIECE = 1 << 16


class DocumentSink:
    """Where one document goes: ``-`` is standard output; a file appears whole, when it is complete."""

    def __init__(self, where: str) -> None:
        """Make sure that it can be written; WireError if not. Nothing replaces an old file before ``write``."""
        self.to_stdout = where == "-"
        self._path = Path(os.path.realpath(where))
        self._draft: Path | None = None
        if self.to_stdout:
            return
        try:
            # A regular file (or none yet) can be renamed over; a pipe or device is written to as it stands.
            if self._path.is_file() or not self._path.exists():
                descriptor, name = tempfile.mkstemp(prefix=f".{self._path.name}.", dir=self._path.parent)
                os.close(descriptor)
                self._draft = Path(name)
            else:
                self._path.open("a", encoding="utf-8").close()
        except OSError as error:
            raise _unwritable(self._path, error) from error

    def write_all(self, pieces: Iterable[str]) -> None:
        """Hand over the document, whose pieces need not be in memory at the same time; WireError if it is not kept."""
        if self.to_stdout:
            say_all(pieces)
            return
        try:
            with (self._draft or self._path).open("w", encoding="utf-8", errors="backslashreplace") as file:
                file.writelines(pieces)
            if self._draft is None:
                return
            # The permissions any new file gets (temporary ones are private), and under sudo the caller as its owner.
            mask = os.umask(0)
            os.umask(mask)
            self._draft.chmod(0o666 & ~mask)
            give_to_caller(self._draft)
            self._draft.replace(self._path)
            self._draft = None
        except OSError as error:
            raise _unwritable(self._path, error) from error

    def close(self) -> None:
        """Leave no draft behind."""
        if self._draft is not None:
            with contextlib.suppress(OSError):  # the directory may be gone by now, and the draft with it
                self._draft.unlink()
            self._draft = None


class LineSink:
    """Where --jsonl goes: ``-`` is standard output; a file is emptied when the run starts and grows with it."""

    def __init__(self, where: str) -> None:
        """Open it; WireError when it cannot be written."""
        self.to_stdout = where == "-"
        self._path = Path(where)
        self._file: FileIO | None = None
        self._left = bytearray()
        self._gone = False
        try:
            if not self.to_stdout:
                self._file = self._path.open("wb", buffering=0)
                give_to_caller(self._file.fileno())
        except OSError as error:
            raise _unwritable(self._path, error) from error

    def write_all(self, lines: Iterable[str]) -> None:
        """Hand over lines that a reader of a pipe sees at once; WireError when they cannot be kept."""
        for line in lines:
            self.put(line)
        self.flush()

    def put(self, lines: str) -> None:
        """Hand over lines that ``flush`` will write."""
        self._left += lines.encode()

    def flush(self) -> None:
        """Write what was handed over. When Ctrl-C comes in between, the next call writes the rest."""
        if self._file is None:
            text = self._left.decode()
            self._left.clear()
            say(text)
            return
        try:
            while self._left and not self._gone:
                # An unbuffered write may take less than it is given.
                del self._left[: self._file.write(bytes(self._left[:_PIECE]))]
        except BrokenPipeError:  # a reader that has gone away is no error, as on standard output
            self._gone = True
        except OSError as error:
            self._gone = True
            raise _unwritable(self._path, error) from error
        self._left.clear()

    def close(self) -> None:
        """Close the file; no line in it is left half."""
        with contextlib.suppress(WireError):
            self.flush()
        if self._file is not None:
            self._file.close()


class PatientRecorder(Recorder):
    """A recorder that a full disk does not stop: the first trouble is kept for the end, later packets are lost."""

    trouble: WireError | None = None

    def add(self, packet: bytes, time: float, comments: Sequence[str] = (), *, sent: bool | None = None) -> int:
        """Append one packet, unless there was trouble before; its number either way."""
        if self.trouble is None:
            try:
                return super().add(packet, time, comments, sent=sent)
            except WireError as error:
                self.trouble = error
        self.count += 1
        return self.count

    def flush(self) -> None:
        """Flush; trouble is kept."""
        self._patiently(super().flush)

    def close(self) -> None:
        """Close; trouble is kept."""
        self._patiently(super().close)

    def _patiently(self, act: Callable[[], None]) -> None:
        if self.trouble is None:
            try:
                act()
            except WireError as error:
                self.trouble = error


def _unwritable(path: Path, error: OSError) -> WireError:
    reason = os.strerror(error.errno or 0).lower()
    return WireError(f"cannot write {path} ({reason}); name a file in a directory you may write to that has room")
