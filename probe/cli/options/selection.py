"""Ids on the command line: exact, or patterns with ``*`` and ``?``; an unknown one names its nearest neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

import click


def chosen(patterns: Iterable[str], known: Sequence[str], option: str) -> tuple[str, ...]:
    """The known ids that some pattern matches, in their own order; click.BadParameter for a pattern without a match."""
    wanted: set[str] = set()
    for pattern in patterns:
        matches = {name for name in known if fnmatchcase(name, pattern)}
        if not matches:
            raise click.BadParameter(unknown("exchange", pattern, nearest(pattern, known)), param_hint=option)
        wanted |= matches
    return tuple(name for name in known if name in wanted)


def nearest(text: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The ids most like ``text``: by spelling first, then those that contain it."""
    names, wanted = list(known), text.strip().lower()
    spelled = get_close_matches(wanted, names, n=count, cutoff=0.6)
    contained = [name for name in names if len(wanted) > 2 and wanted in name.lower()]
    return list(dict.fromkeys([*spelled, *contained]))[:count]


def unknown(kind: str, text: str, near: Sequence[str]) -> str:
    """One sentence for an id that does not exist."""
    hint = f"did you mean {' or '.join(near)}?" if near else "`probe list` shows what there is."
    return f"there is no {kind} {text!r}: {hint}"
