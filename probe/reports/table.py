"""Tables that fit the terminal: columns are wrapped between words; what does not fit is told row by row."""

from __future__ import annotations

import re
from collections.abc import Sequence

_GAP = 2
_COLOUR = re.compile(r"\x1b\[[\d;]*m")
_NARROWEST = 5
_GLUE = "\0"
_TOWERS = ((8, 2), (20, 5))
"""Below so many columns a cell may take so many lines; it could be read no longer."""


def table(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int,
    stacks: tuple[tuple[int, ...], ...] = (),
    spare: frozenset[int] = frozenset(),
) -> str:
    """The rows under their headers in at most ``width`` columns, unless single words are longer than that.

    In little room a row has several lines, the cells of a stack one below the other, if need be without those that are
    ``spare``; in less it is a paragraph: its first cell, then what stands under each header, if anything does.
    """
    if found := _columns(headers, rows, width):
        return found
    for some in (stacks, tuple(stack for stack in stacks if not spare.intersection(stack))) if stacks else ():
        heads = ["\n".join(headers[i] for i in stack) for stack in some]
        height = max(map(len, some))
        cells = [[row[s[n]] if n < len(s) else "" for s in some] for row in rows for n in range(height)]
        if found := _columns(heads, cells, width):
            return found
    lines = []
    for row in rows:
        pairs = [f"{head}: {cell}" for head, cell in zip(headers[1:], row[1:], strict=True) if cell.strip("-")]
        # What belongs together stays in one line where it has room there.
        kept = (pair.replace(" ", _GLUE) if visible(pair) + 6 < width else pair for pair in pairs)
        lines += fill(f"{headers[0]} {row[0]}", width)
        lines += [line.replace(_GLUE, " ") for line in fill(f"{_GLUE}| ".join(kept), width, "  ")]
    return "\n".join(lines)


def _columns(headers: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> str:
    """The table, or nothing where its cells would become towers of single words."""
    found = list(zip(*([headers, *rows]), strict=True))
    natural = [max(_NARROWEST, *map(_widest_line, column)) for column in found]
    # The longest word: below that width it would be cut in two.
    least = [max(_NARROWEST, *(visible(word) for cell in c for word in (cell.split() or [""]))) for c in found]
    room = list(natural)
    while sum(room) + _GAP * (len(room) - 1) > width:
        giving = [i for i in range(len(room)) if room[i] > least[i]]
        if not giving:
            return ""
        room[max(giving, key=lambda i: room[i])] -= 1
    # Wrapped here: tabulate would cut states and ids at their hyphens.
    wrapped = [
        ["\n".join(fill(cell, room)) if "\n" not in cell else cell for cell, room in zip(row, room, strict=True)]
        for row in (headers, *rows)
    ]
    tallest = [max(cell.count("\n") + 1 for cell in column) for column in zip(*wrapped, strict=True)]
    if any(room[i] < narrow and tallest[i] > lines for i in range(len(room)) for narrow, lines in _TOWERS):
        return ""
    from tabulate import tabulate  # takes a while to load

    rule = ["-" * max(map(_widest_line, column)) for column in zip(*wrapped, strict=True)]
    # Headers as a row of their own: tabulate would make their columns two wider than they are.
    return tabulate([wrapped[0], rule, *wrapped[1:]], tablefmt="plain", disable_numparse=True)


def fill(text: str, width: int, lead: str = "", indent: str | None = None) -> list[str]:
    """The text in lines that fit, colours not counted; ``lead`` begins the first one, ``indent`` those after it."""
    lines, line, empty = [], lead, True
    rest = " " * visible(lead) if indent is None else indent
    for word in text.split():
        if not empty and visible(line) + 1 + visible(word) > width:
            lines.append(line)
            line, empty = rest, True
        line += word if empty else f" {word}"
        empty = False
    return [*lines, line] if not empty else lines


def visible(text: str) -> int:
    """How many columns a text takes, colours left out."""
    return len(_COLOUR.sub("", text)) if "\x1b" in text else len(text)


def _widest_line(cell: str) -> int:
    return max(map(visible, cell.splitlines()), default=0)
