"""Tables that fit the terminal: columns too wide for it are wrapped between words, the widest first."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from tabulate import tabulate

_GAP = 2
_COLOUR = re.compile(r"\x1b\[[\d;]*m")
_NARROWEST = 5


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> str:
    """The rows under their headers in at most ``width`` columns, unless single words are longer than that."""
    columns = list(zip(*([headers, *rows]), strict=True))
    room = _shrunk([_natural(c) for c in columns], [_least(c) for c in columns], width)
    # Wrapped here: tabulate would cut states and ids at their hyphens.
    wrapped = [[_wrapped(cell, columns) for cell, columns in zip(row, room, strict=True)] for row in (headers, *rows)]
    rule = ["-" * max(map(_widest_line, column)) for column in zip(*wrapped, strict=True)]
    # Headers as a row of their own: tabulate would make their columns two wider than they are.
    return tabulate([wrapped[0], rule, *wrapped[1:]], tablefmt="plain", disable_numparse=True)


def visible(text: str) -> int:
    """How many columns a text takes, colours left out."""
    return len(_COLOUR.sub("", text))


def _wrapped(cell: str, columns: int) -> str:
    if visible(cell) <= columns:
        return cell
    return "\n".join(textwrap.wrap(cell, columns, break_on_hyphens=False))


def _widest_line(cell: str) -> int:
    return max(map(visible, cell.splitlines()), default=0)


def _natural(column: Sequence[str]) -> int:
    return max(_NARROWEST, *map(_widest_line, column))


def _least(column: Sequence[str]) -> int:
    """The longest word: below that width it would be cut in two."""
    return max(_NARROWEST, *(visible(word) for cell in column for word in (cell.split() or [""])))


def _shrunk(natural: list[int], least: list[int], width: int) -> list[int]:
    """Column widths that fit, taken from the widest column that can still give."""
    room = list(natural)
    while sum(room) + _GAP * (len(room) - 1) > width:
        giving = [i for i in range(len(room)) if room[i] > least[i]]
        if not giving:
            break
        room[max(giving, key=lambda i: room[i])] -= 1
    return room
