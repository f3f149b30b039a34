"""The exit codes as `probe --help` lists them, and which of them outweighs which: nothing else decides that."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """What a command leaves with."""

    CONFORMS = 0
    VIOLATED = 1
    USAGE = 2
    INCONCLUSIVE = 3
    ENVIRONMENT = 4
    INTERRUPTED = 130


_HEAVIEST_FIRST = (
    ExitCode.VIOLATED,  # stands, whatever else was not seen
    ExitCode.INTERRUPTED,  # the rest was not asked, so what went wrong on the way says little
    ExitCode.USAGE,
    ExitCode.ENVIRONMENT,
    ExitCode.INCONCLUSIVE,
    ExitCode.CONFORMS,
)


def heaviest(codes: Iterable[int]) -> ExitCode:
    """The code that outweighs the others; where there is none, nothing was judged and nothing is concluded."""
    return ExitCode(min(codes, key=_HEAVIEST_FIRST.index, default=ExitCode.INCONCLUSIVE))
