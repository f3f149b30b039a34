"""Lines of JSON as they come: every line is flushed, so that a reader of a pipe sees each result at once."""

from __future__ import annotations

import os
from collections.abc import Iterable
from io import FileIO
from pathlib import Path

from probe.cli.terminal import say
from probe.wire.errors import WireError


class LineSink:
    """Where --jsonl goes: ``-`` is standard output; a file is emptied when the run starts and grows with it."""

    def __init__(self, where: str) -> None:
        """Open it; WireError when it cannot be written."""
        self.to_stdout = where == "-"
        self._path = Path(where)
        self._file: FileIO | None = None
        try:
            if not self.to_stdout:
                self._file = self._path.open("wb", buffering=0)
        except OSError as error:
            raise self._unwritable(error) from error

    def write(self, line: str) -> None:
        """Hand over one line; WireError when it cannot be kept."""
        if self._file is None:
            say(line)
            return
        left = memoryview(line.encode())
        try:
            while left:  # an unbuffered write may take less than it is given
                left = left[self._file.write(left) :]
        except OSError as error:
            raise self._unwritable(error) from error

    def write_all(self, lines: Iterable[str]) -> None:
        """Hand over line after line."""
        for line in lines:
            self.write(line)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _unwritable(self, error: OSError) -> WireError:
        reason = os.strerror(error.errno or 0).lower()
        return WireError(
            f"cannot write {self._path} ({reason}); name a file in a directory you may write to that has room"
        )
