"""Connections of a long list as JSON: what those of one shape share is put into words once, their own set in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import cast

from probe.reports.data import causes, connection, connection_line
from probe.reports.document import Data
from probe.results.connection import Connection
from probe.results.listing import Entry, renumbered

_GAP = re.compile(r'"\\u0000(\d+)"')
"""A gap as JSON writes it; NUL stands in no address, file name or sentence."""
_PLACES = {
    "index": 0, "packets": 1, "first_packet": 2, "start": 3, "duration": 4, "rtt": 5, "causes": 6,
}  # fmt: skip
_ENDS = {"client": 7, "server": 9}
_NUMBERS = 11
"""Places among the texts of an entry; from here on those of its packet numbers."""

_Form = tuple[str, Callable[[tuple[object, ...]], tuple[object, ...]]]


def lines(entries: Iterable[Entry]) -> Iterator[str]:
    """The lines of --jsonl, without line feeds."""
    return _rendered(entries, connection_line)


def rows(entries: Iterable[Entry]) -> Iterator[str]:
    """The rows of ``connections`` in the document, a line each."""
    return _rendered(entries, connection)


def _rendered(entries: Iterable[Entry], told: Callable[[Connection], Data]) -> Iterator[str]:
    """Each as ``told`` tells of its connection. Models and causes are known again by being the same objects."""
    every = list(entries)  # so that none goes and another takes its place
    forms: dict[int, _Form] = {}
    said: dict[int, str] = {}
    for one in every:
        key, why = id(one.model), id(one.causes)
        if key not in forms:
            forms[key] = _form(one.model, told)
        if why not in said:
            said[why] = json.dumps(causes(one.causes))
        text, chosen = forms[key]
        yield text % chosen(
            (
                one.ordinal, one.packets, one.first_packet, round(one.start, 6), round(one.duration, 6),
                "null" if one.rtt is None else round(one.rtt, 9), said[why],
                f'"{one.client}"', one.client_port, f'"{one.server}"', one.server_port, *one.numbers,
            )
        )  # fmt: skip


def _form(model: Connection, told: Callable[[Connection], Data]) -> _Form:
    """The text with a ``%s`` in each gap, and what chooses those that fill them from the texts of an entry."""
    data = told(renumbered(model, lambda place: cast("int", f"\0{_NUMBERS + place}")))
    for name, place in _PLACES.items():
        data[name] = f"\0{place}"
    for name, place in _ENDS.items():
        data[name] = {"address": f"\0{place}", "port": f"\0{place + 1}"}
    text, *rest = _GAP.split(json.dumps(data))
    pieces = [text, *rest[1::2]]
    return "%s".join(piece.replace("%", "%%") for piece in pieces), itemgetter(*map(int, rest[::2]))
