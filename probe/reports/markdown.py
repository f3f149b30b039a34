"""What every Markdown report is made of: escaping, tables, and leaving out what there is no room for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~])")
_NOTE = "_Shortened: {count} more part{s} of this report left out, as a summary holds {room} octets at most._\n"
_RESERVED = 200


def text(plain: str) -> str:
    """Plain text as Markdown shows it, in one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(plain.split()).replace("&", "&amp;"))


def code(plain: str) -> str:
    """Text in a code span: a segment, a rule. Not for tables, where a bar would end the cell."""
    inner = " ".join(plain.split()).replace("`", "'")
    return f"`{inner}`" if inner else ""


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are Markdown already."""
    lines = [f"| {' | '.join(cells)} |" for cells in (headers, ["---"] * len(headers), *rows)]
    return "\n".join(lines) + "\n"


def mermaid(diagram: str) -> str:
    """A diagram in its fence."""
    return f"```mermaid\n{diagram}\n```\n"


def fitted(head: str, parts: Sequence[str], room: int | None) -> str:
    """The parts below the head, the weightiest first, as far as ``room`` octets go; what is left out is told."""
    whole = "\n".join([head, *parts])
    if room is None or len(whole.encode()) <= room:
        return whole
    kept = [_cut(head, max(0, room - _RESERVED))]
    left = room - _RESERVED - len(kept[0].encode())
    for part in parts:
        size = len(part.encode()) + 1
        if size <= left:
            kept.append(part)
            left -= size
    note = _NOTE.format(count=len(parts) + 1 - len(kept), s="s" * (len(parts) + 1 - len(kept) != 1), room=f"{room:,}")
    return "\n".join([*kept, note]) if room > _RESERVED else ""


def _cut(head: str, room: int) -> str:
    """Whole lines of it, as many as there is room for."""
    kept = []
    for line in head.splitlines(keepends=True):
        room -= len(line.encode())
        if room < 0:
            break
        kept.append(line)
    return "".join(kept)
