"""What the terminal can show: width, colour, and a progress line that never reaches a file."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from typing import TextIO

from probe.reports.paint import Paint
from probe.wire.errors import WireError


def width() -> int:
    """Columns to print in: the terminal's (or COLUMNS), 60 at least; 120 where there is none."""
    return max(60, shutil.get_terminal_size((120, 24)).columns)


def paint(stream: TextIO) -> Paint:
    """Colours for a terminal; none for files, pipes, dumb terminals and under NO_COLOR (any value but empty)."""
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Paint(wanted and stream.isatty())


def say(text: str) -> None:
    """Print to standard output; a reader that has gone away changes neither the run nor its exit code.

    WireError where it cannot be written, as on a full disk.
    """
    say_all([text])


def say_all(pieces: Iterable[str]) -> None:
    """The same in pieces."""
    try:
        sys.stdout.writelines(pieces)
        sys.stdout.flush()
    except BrokenPipeError:
        nobody_reads()
    except OSError as error:
        nobody_reads()
        raise WireError(unwritable(error)) from error


def unwritable(error: OSError) -> str:
    """What to tell of standard output that takes nothing."""
    reason = os.strerror(error.errno or 0).lower()
    return f"cannot write standard output ({reason}); lead it to where there is room"


def nobody_reads() -> None:
    """Standard output leads nowhere from now on, so that nothing complains while the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class StatusLine:
    """One line of standard error that is written anew, where that is a terminal; otherwise nothing."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.on = not quiet and sys.stderr.isatty()
        self._shown = 0

    def show(self, text: str) -> None:
        """Show any text there, as far as the line goes."""
        if self.on:
            text = text[: width() - 1]
            sys.stderr.write(f"\r{text:<{self._shown}}")
            sys.stderr.flush()
            self._shown = len(text)

    def clear(self) -> None:
        """Wipe the line, so that what is printed next starts on an empty one."""
        if self._shown:
            sys.stderr.write(f"\r{'':<{self._shown}}\r")
            sys.stderr.flush()
            self._shown = 0


class Progress(StatusLine):
    """``12/23 exchanges``, callable with both numbers."""

    def __init__(self, *, quiet: bool = False, unit: str = "exchanges") -> None:
        super().__init__(quiet=quiet)
        self._unit = unit
        self.label = ""

    def __call__(self, done: int, total: int) -> None:
        """Show how far it is."""
        self.show(f"{self.label}: {done}/{total} {self._unit}")
