"""The file of expected deviations: TOML or JSON, read strictly, and written from a run."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from probe.cli.options.common import nearest
from probe.cli.options.files import document, tables
from probe.results.expectations import CAPTURE, RE_ENACTED, matches
from probe.results.verdict import Expected
from probe.spec import rules
from probe.spec.segment import KINDS
from probe.spec.states import State
from probe.wire.errors import TargetError

REASON = "found by `probe {command}`; say here why it is put up with"
_TABLE = "deviation"
_NEEDED = ("exchange", "rule", "date", "reason")
_KEYS = (*_NEEDED, "target", "ip_version")
_HEAD = """\
# Deviations that do not fail a run of `probe`. An exchange and a target may be patterns with * and ?;
# without target and ip_version a deviation is expected of any. The exchange "capture" is every connection of a capture.
"""


def read(path: str) -> tuple[Expected, ...]:
    """The expectations; TargetError names the first slip, WireError a file that cannot be read."""
    entries = tables(path, document(path, "expected deviations", (_TABLE,)), _TABLE)
    return tuple(_expected(f"{path}: {_TABLE} {number}", entry) for number, entry in enumerate(entries, 1))


def text(expectations: Iterable[Expected], path: str) -> str:
    """The file that lists them: JSON where its name ends in .json, else TOML."""
    entries = [_entry(one) for one in expectations]
    if path.endswith(".json"):
        return json.dumps({_TABLE: entries}, indent=2) + "\n"
    tables = [f"\n[[{_TABLE}]]\n" + "".join(f"{k} = {_toml(v)}\n" for k, v in entry.items()) for entry in entries]
    return _HEAD + "".join(tables)


def _entry(one: Expected) -> dict[str, str | int]:
    found: dict[str, str | int] = {"exchange": one.exchange, "rule": one.rule}
    found |= {"target": one.target} if one.target else {}
    found |= {"ip_version": one.ip_version} if one.ip_version else {}
    return found | {"date": one.date, "reason": one.reason}


def _toml(value: str | int) -> str:
    """A TOML value: its basic strings are JSON's, but for DEL, which it wants escaped."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


# -- reading -----------------------------------------------------------------------------------------------------------


def _expected(where: str, entry: Mapping[str, Any]) -> Expected:
    for key in entry:
        if key not in _KEYS:
            raise TargetError(f"{where}: unknown key {key!r}; known are {', '.join(_KEYS)}")
    for key in _NEEDED:
        if key not in entry:
            raise TargetError(f"{where}: {key} is missing; needed are {', '.join(_NEEDED)}")
    version = entry.get("ip_version", 0)
    if "ip_version" in entry and (version not in (4, 6) or isinstance(version, bool | float)):
        raise TargetError(f"{where}: ip_version: {version!r} will not do: write 4 or 6, or leave it out")
    exchange, rule = _word(where, entry, "exchange"), _word(where, entry, "rule")
    _known(where, "exchange", exchange, [name for name in _exchanges() if matches(exchange, name)], _exchanges())
    _known(where, "rule", rule, [rule] if rule in rules.ALL else [], list(rules.ALL))
    target = _word(where, entry, "target") if "target" in entry else ""
    return Expected(exchange, rule, _date(where, entry["date"]), _word(where, entry, "reason"), target, version)


def _exchanges() -> list[str]:
    """Every exchange, those of a replay, and the cells of the matrix as --only of `probe matrix` names them."""
    from probe.scenarios import ALL

    return [*ALL, CAPTURE, RE_ENACTED, *(f"{state.value}:{kind}" for state in State for kind in KINDS)]


def _word(where: str, entry: Mapping[str, Any], key: str) -> str:
    value = entry[key]
    if not isinstance(value, str) or not value.strip():
        raise TargetError(f"{where}: {key}: {value!r} will not do: write some text")
    return value


def _date(where: str, value: object) -> str:
    """TOML has dates of its own; JSON has them as text."""
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value.isoformat()
    try:
        return datetime.date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise TargetError(f"{where}: date: {value!s} will not do: write it as 2026-01-31") from None


def _known(where: str, key: str, name: str, found: Sequence[str], known: Sequence[str]) -> None:
    """Refuse a name that nothing has: it would never match, and nobody would notice."""
    if found:
        return
    near = nearest(name, known)
    hint = f"did you mean {' or '.join(near)}?" if near else f"`probe list{' --rules' * (key == 'rule')}` shows them"
    raise TargetError(f"{where}: there is no {key} {name!r}: {hint}")
