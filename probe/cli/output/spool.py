"""Connections on their way into one JSON document: on disk, so that memory does not grow with what they say."""

from __future__ import annotations

import os
import tempfile
from array import array
from collections.abc import Iterable, Iterator

from probe.wire.errors import WireError

_NONE = -1


class Spool:
    """Rows of JSON text, put in any order, given out by file and index. Holds eight octets a row in memory."""

    def __init__(self) -> None:
        """WireError where no temporary file can be made."""
        try:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115  # close() ends it
        except OSError as error:
            raise _unusable(error) from error
        self._end = 0
        self._full = False
        self._offsets: dict[str, array[int]] = {}

    def put(self, file: str, index: int, text: str) -> None:
        """Keep a row, one line of text; WireError for the first for which there is no room, those after it are lost."""
        if self._full:
            return
        offsets = self._offsets.setdefault(file, array("q"))
        while len(offsets) <= index:
            offsets.append(_NONE)
        row = text.encode() + b"\n"
        try:
            self._file.seek(self._end)
            self._file.write(row)
        except OSError as error:
            self._full = True
            raise _unusable(error) from error
        offsets[index] = self._end
        self._end += len(row)

    def rows(self, files: Iterable[str]) -> Iterator[str]:
        """All rows, in the order of the files and of the indices."""
        for file in files:
            for offset in self._offsets.get(file, ()):
                if offset != _NONE:
                    self._file.seek(offset)
                    yield self._file.readline().decode().rstrip("\n")

    def close(self) -> None:
        """Nothing of it stays."""
        self._file.close()


def _unusable(error: OSError) -> WireError:
    reason = os.strerror(error.errno or 0).lower()
    folder = tempfile.gettempdir()
    return WireError(f"cannot keep the connections for --json in {folder} ({reason}); set TMPDIR to a folder with room")
