"""What stacks were found to do otherwise: ``python -m tests.live.found`` meets them and writes it to found.json.

It meets those that are installed, and keeps what is known of the others. The tables of README.md are written from it
(``python -m tests.pages``) beside what was read up of each row (``deviations.py``); the live tests compare their runs
with it.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import click
import pytest

from probe.lab import Lab
from probe.live.check import check
from probe.live.matrix import matrix
from probe.live.options import CheckOptions, MatrixOptions
from probe.results.matrix import MatrixRun
from probe.results.verdict import ExchangeResult, Run, Verdict, Why
from probe.spec.segment import KINDS
from probe.spec.states import State
from probe.wire.namespace import enter_private
from tests.helpers.relays import relay
from tests.lwip.stack import Lwip
from tests.smoltcp.stack import smoltcp

Triple = tuple[str, str, str]
"""An exchange, or a state; the verdict; the rule."""
Place = tuple[str, str, str, str]
"""A state, the verdict, the rule, and the cell: the way to the state, the segment, its numbers, whether with text."""
Found = Mapping[str, frozenset[Triple] | frozenset[Place]]
"""By stack, or by what was asked of it."""
FILE = Path(__file__).with_suffix(".json")
_ACCUSED = (Verdict.FAIL, Verdict.WARN)
_MANY = 200
"""lwIP bounds no backlog: so many connections at a time do it no harm."""
_RELAYS = 4
"""passt never comes back from two segments of a new connection that it reads in one go, as on a busy machine it does
even if there is one connection at a time: what it did otherwise is asked of another one."""
_OPEN = ("ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2")
# tcp_receive trims what starts left of RCV.NXT; one number exactly half the space away passes the test for that, and
# an assertion ("insane offset!") ends the stack. These columns send it.
_FATAL = {("SYN-RECEIVED", "SYN+ACK"), ("SYN-RECEIVED", "FIN+ACK")} | set(itertools.product(_OPEN, ("FIN", "FIN+ACK")))
_BESIDE = frozenset(itertools.product((state.value for state in State), KINDS)) - _FATAL


def known(stack: str) -> frozenset[Triple]:
    """What was found of a stack when it was met last."""
    return frozenset((place, word, rule) for place, word, rule, *_ in _rows(stack))


def places(stack: str) -> frozenset[Place]:
    """What was found in cells of its matrix."""
    return frozenset((state, word, rule, cell) for state, word, rule, cell in _rows(stack))


def _rows(stack: str) -> list[list[str]]:
    rows: list[list[str]] = json.loads(FILE.read_text(encoding="utf-8"))[stack]
    return rows


def in_check(exchanges: Iterable[ExchangeResult]) -> frozenset[Triple]:
    """What a check accuses the peer of."""
    return frozenset((e.id, e.verdict.value, f.rule) for e in exchanges if e.verdict in _ACCUSED for f in e.findings)


def in_matrix(run: MatrixRun) -> frozenset[Place]:
    """What a matrix accuses the peer of, and in which cell."""
    return frozenset((c.state, c.verdict.value, c.rule, c.id) for c in run.cells if c.verdict in _ACCUSED)


def of_lwip(peer: Lwip, version: int) -> Run:
    """A check of lwIP."""
    return check(peer.endpoints[version], CheckOptions(waits=False, parallel=_MANY))


def cells_of_lwip(peer: Lwip) -> MatrixRun:
    """A matrix of lwIP, without the columns that end it."""
    return matrix(peer.endpoints[4], MatrixOptions(only=_BESIDE, parallel=_MANY))


def of_relay(name: str, only: tuple[str, ...]) -> Run:
    """A check of the relay of that name."""
    for _ in range(_RELAYS):
        with relay(name) as endpoints:
            run = check(endpoints[4], CheckOptions(only=only, parallel=1, trigger="target"))
        if not any(e.why is Why.DIED for e in run.exchanges):
            break
    return run


def of_smoltcp(only: tuple[str, ...]) -> Run:
    """A check of smoltcp."""
    with smoltcp() as endpoint:
        return check(endpoint, CheckOptions(only=only))


def _linux() -> Found:
    with Lab(private=False) as lab:
        return {"Linux": frozenset().union(*(in_matrix(matrix(endpoint)) for endpoint in lab.endpoints.values()))}


def _lwip() -> Found:
    with Lwip() as peer:
        found = frozenset().union(*(in_check(of_lwip(peer, version).exchanges) for version in (4, 6)))
    with Lwip() as peer:
        return {"lwIP": found, "lwIP, matrix": in_matrix(cells_of_lwip(peer))}


def _relays(stack: str, name: str) -> Found:
    asked = {exchange for exchange, _, _ in known(stack)}
    return {stack: in_check(of_relay(name, ("open", "close-by-peer", *sorted(asked))).exchanges)}


def _smoltcp() -> Found:
    asked = {exchange for exchange, _, _ in known("smoltcp")}
    return {"smoltcp": in_check(of_smoltcp(("open", "close-by-us", "close-by-peer", *sorted(asked))).exchanges)}


STACKS: dict[str, Callable[[], Found]] = {
    "Linux": _linux,
    "lwIP": _lwip,
    "libslirp": lambda: _relays("libslirp", "slirp4netns"),
    "passt": lambda: _relays("passt", "pasta"),
    "smoltcp": _smoltcp,
}


def main(names: Iterable[str]) -> None:
    """Meet the stacks of these names, and write what was found."""
    enter_private()
    told: dict[str, list[list[str]]] = json.loads(FILE.read_text(encoding="utf-8"))
    for name in names:
        try:
            found = STACKS[name]()
        except pytest.skip.Exception as reason:
            click.echo(f"{name}: {reason}; what is known of it stays")
            continue
        for part, met in found.items():
            rows = sorted(map(list, met))
            changed = len({tuple(row) for row in told[part]} ^ met)
            click.echo(f"{part}: {len(rows)} found, {changed} of them new or gone")
            told[part] = rows
    parts = (f' "{part}": [\n{_lines(rows)}\n ]' for part, rows in told.items())
    FILE.write_text(f"{{\n{_joined(parts)}\n}}\n", encoding="utf-8")


def _lines(rows: Iterable[list[str]]) -> str:
    return _joined(f"  {json.dumps(row)}" for row in rows)


def _joined(parts: Iterable[str]) -> str:
    return ",\n".join(parts)


if __name__ == "__main__":
    main(sys.argv[1:] or STACKS)
