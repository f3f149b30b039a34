"""The file of expected deviations: TOML or JSON, read strictly, and written from a run."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable
from typing import Any

from probe import scenarios
from probe.cli.options.common import nearest, unknown
from probe.cli.options.files import Check, WrongError, document, tables, that, values
from probe.results.expectations import CAPTURE, RE_ENACTED, matches
from probe.results.verdict import Expected
from probe.spec import rules
from probe.spec.segment import KINDS
from probe.spec.states import State
from probe.wire.errors import TargetError

REASON = "found by `probe {command}`; say here why it is put up with"
_TABLE = "deviation"
_HEAD = """\
# Deviations that do not fail a run of `probe`. An exchange and a target may be patterns with * and ?;
# without target and ip_version a deviation is expected of any. The exchange "capture" is every connection of a capture.
"""


def read(path: str) -> tuple[Expected, ...]:
    """The expectations; TargetError names the first slip, WireError a file that cannot be read."""
    # A name that nothing has would never match, and nobody would notice. Cells are named as by --only of the matrix.
    exchanges = [*scenarios.ALL, CAPTURE, RE_ENACTED, *(f"{state.value}:{kind}" for state in State for kind in KINDS)]
    found: list[Expected] = []
    for number, entry in enumerate(tables(path, document(path, "expected deviations", (_TABLE,)), _TABLE), 1):
        where = f"{path}: {_TABLE} {number}"
        one = Expected(**values(where, entry, _CHECKS, _NEEDED))
        if not any(matches(one.exchange, name) for name in exchanges):
            near = nearest(one.exchange, exchanges)
            raise TargetError(f"{where}: {unknown('exchange', one.exchange, near, '`probe list` shows them')}")
        if one.rule not in rules.ALL:
            near = nearest(one.rule, rules.ALL)
            raise TargetError(f"{where}: {unknown('rule', one.rule, near, '`probe list --rules` shows them')}")
        found.append(one)
    return tuple(found)


def text(expectations: Iterable[Expected], path: str) -> str:
    """The file that lists them: JSON where its name ends in .json, else TOML."""
    entries = []
    for one in expectations:
        where = {"target": one.target, "ip_version": one.ip_version}
        named = {"exchange": one.exchange, "rule": one.rule} | {key: value for key, value in where.items() if value}
        entries.append(named | {"date": one.date, "reason": one.reason})
    if path.endswith(".json"):
        return json.dumps({_TABLE: entries}, indent=2) + "\n"

    def toml(value: object) -> str:
        """A TOML value: its basic strings are JSON's, but for DEL, which it wants escaped."""
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

    tables = [f"\n[[{_TABLE}]]\n" + "".join(f"{k} = {toml(v)}\n" for k, v in entry.items()) for entry in entries]
    return _HEAD + "".join(tables)


# -- reading -----------------------------------------------------------------------------------------------------------


def _date(value: Any) -> str:  # noqa: ANN401  # whatever the file holds
    """TOML has dates of its own; JSON has them as text."""
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value.isoformat()
    try:
        return datetime.date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise WrongError("write it as 2026-01-31") from None


_word = that(lambda value: isinstance(value, str) and bool(value.strip()), "write some text")
_CHECKS: dict[str, Check] = {
    "exchange": _word,
    "rule": _word,
    "date": _date,
    "reason": _word,
    "target": _word,
    "ip_version": that(lambda value: type(value) is int and value in (4, 6), "write 4 or 6, or leave it out"),
}
_NEEDED = ("exchange", "rule", "date", "reason")
