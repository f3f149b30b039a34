"""Files that the user wrote, read strictly: a slip is named before anything runs."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from probe.wire.errors import TargetError, WireError

Table = dict[str, Any]


def document(path: str, what: str, known: Iterable[str]) -> Table:
    """The file's outermost table, JSON where its name ends in .json, else TOML; ``known`` are the parts it may have.

    WireError for a file that cannot be read, which holds ``what``; TargetError for what it should not hold.
    """
    kind = "JSON" if path.endswith(".json") else "TOML"
    try:
        content = Path(path).read_text(encoding="utf-8")
        found = json.loads(content) if kind == "JSON" else tomllib.loads(content)
    except OSError as error:
        why = os.strerror(error.errno or 0).lower()
        raise WireError(f"cannot read {path} ({why}); name a file of {what} that you may read") from error
    except (ValueError, RecursionError) as error:
        raise TargetError(f"{path}: it is no {kind} ({str(error)[:1].lower()}{str(error)[1:]})") from error
    if not isinstance(found, dict):
        raise TargetError(f"{path}: it holds no object; there is {{{', '.join(f'{part!r}: ...' for part in known)}}}")
    if unknown := sorted(set(found) - set(known)):
        there = " and ".join(f"[{part}]" if part == "defaults" else f"[[{part}]]" for part in known)
        raise TargetError(f"{path}: unknown table or key {unknown[0]!r}; write {there}")
    return found


def tables(path: str, found: Table, name: str) -> list[Table]:
    """The entries of a list of tables; none where it is missing."""
    entries = found.get(name, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise TargetError(f"{path}: {name} is a list of tables: write [[{name}]]")
    return entries


class WrongError(ValueError):
    """A value is not what its key wants; the text says what is wanted."""


Check = Callable[[Any], Any]
"""Of one value: what it comes to; WrongError."""


def that(fits: Callable[[Any], bool], wanted: str) -> Check:
    """A check of a value that is taken as it is."""

    def checked(value: Any) -> Any:  # noqa: ANN401  # whatever the file holds
        if not fits(value):
            raise WrongError(wanted)
        return value

    return checked


def values(where: str, table: Table, known: Mapping[str, Check], needed: Iterable[str] = ()) -> Table:
    """The table with every value checked; ``where`` it stands begins each error."""
    found = {}
    for key, value in table.items():
        if key not in known:
            raise TargetError(f"{where}: unknown key {key!r}; known are {', '.join(known)}")
        try:
            found[key] = known[key](value)
        except WrongError as error:
            text = repr(value)
            shown = text if len(text) <= 40 else f"{text[:37]}..."
            raise TargetError(f"{where}: {key}: {shown} will not do: {error}") from None
    if missing := [key for key in needed if key not in found]:
        raise TargetError(f"{where}: {missing[0]} is missing; needed are {', '.join(needed)}")
    return found
