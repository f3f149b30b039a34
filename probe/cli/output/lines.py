"""Lines of JSON as they come: every line is flushed, so that a reader of a pipe sees each result at once."""

from __future__ import annotations

import os
from contextlib import suppress
from io import FileIO
from pathlib import Path

from probe.cli.output.terminal import say
from probe.wire.errors import WireError
from probe.wire.rights import give_to_caller

_PIECE = 1 << 16


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
            raise self._unwritable(error) from error

    def write(self, line: str) -> None:
        """Hand over one line; WireError when it cannot be kept."""
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
            raise self._unwritable(error) from error
        self._left.clear()

    def close(self) -> None:
        """Close the file; no line in it is left half."""
        with suppress(WireError):
            self.flush()
        if self._file is not None:
            self._file.close()

    def _unwritable(self, error: OSError) -> WireError:
        reason = os.strerror(error.errno or 0).lower()
        return WireError(
            f"cannot write {self._path} ({reason}); name a file in a directory you may write to that has room"
        )
