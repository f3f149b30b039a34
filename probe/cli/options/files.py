"""Files that the user wrote, read strictly: a slip is named before anything runs."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterable
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
