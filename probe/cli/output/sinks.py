"""The files a check writes: whether they can be written is known before the run, and no failure costs the results."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from probe.cli.output.terminal import say
from probe.wire.errors import WireError
from probe.wire.record import Recorder
from probe.wire.rights import give_to_caller

_MEND = "name a file in a directory you may write to that has room"


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
            if self._replaceable():
                descriptor, name = tempfile.mkstemp(prefix=f".{self._path.name}.", dir=self._path.parent)
                os.close(descriptor)
                self._draft = Path(name)
            else:
                with self._path.open("a", encoding="utf-8"):
                    pass
        except OSError as error:
            raise WireError(self._unwritable(error)) from error

    def _replaceable(self) -> bool:
        """A regular file (or none yet) can be renamed over; a pipe or device is written to as it stands."""
        try:
            return stat.S_ISREG(self._path.stat().st_mode)
        except FileNotFoundError:
            return True

    def write(self, text: str) -> None:
        """Hand over the document; WireError when it cannot be kept."""
        if self.to_stdout:
            say(text)
            return
        try:
            if self._draft is None:
                self._path.write_text(text, encoding="utf-8", errors="backslashreplace")
                return
            self._draft.write_text(text, encoding="utf-8", errors="backslashreplace")
            _like_an_ordinary_file(self._draft)
            self._draft.replace(self._path)
            self._draft = None
        except OSError as error:
            raise WireError(self._unwritable(error)) from error

    def close(self) -> None:
        """Leave no draft behind."""
        if self._draft is not None:
            with contextlib.suppress(OSError):  # the directory may be gone by now, and the draft with it
                self._draft.unlink()
            self._draft = None

    def _unwritable(self, error: OSError) -> str:
        return f"cannot write {self._path} ({os.strerror(error.errno or 0).lower()}); {_MEND}"


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


def _like_an_ordinary_file(path: Path) -> None:
    """The permissions any new file gets (temporary ones are private), and under sudo the caller as its owner."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)
    give_to_caller(path)
