"""Writes the events of a run as lines of JSON while they happen; every exchange once, when nothing can change it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from probe.cli.output.lines import LineSink
from probe.cli.output.outputs import Account
from probe.reports import as_jsonl
from probe.results.expectations import marked
from probe.results.verdict import ExchangeResult, Expected, Run
from probe.wire.errors import WireError


class Teller:
    """One run's events; ``place`` is the target's in the order of the report. Without ``lines`` nothing is written."""

    def __init__(self, lines: LineSink | None, account: Account, expected: Sequence[Expected] = ()) -> None:
        self._lines, self._account, self._expected = lines, account, expected
        self._told: dict[int, set[str]] = {}

    def begun(self, place: int, target: str, ip_version: int, name: str = "") -> None:
        """The target's check begins, if that was not told before."""
        if place not in self._told:
            self._told[place] = set()
            self._write(lambda: as_jsonl.begun(self._account.command, time.time(), target, ip_version, name))

    def exchange(self, place: int, result: ExchangeResult, name: str = "") -> None:
        """An exchange has its verdict; ``name`` is what the user calls the target."""
        found = marked(result, self._expected, name)
        told = self._told.setdefault(place, set())
        if found.id not in told:
            told.add(found.id)
            self._write(lambda: as_jsonl.exchange(self._account.command, time.time(), found))

    def ended(self, place: int, run: Run) -> None:
        """The target's check is over: what was not told yet, and what it came to."""
        for result in run.exchanges:
            named = replace(result, target=result.target or run.target, ip_version=result.ip_version or run.ip_version)
            self.exchange(place, named, run.name)
        self._write(lambda: as_jsonl.ended(self._account.command, time.time(), run))

    def _write(self, line: Callable[[], str]) -> None:
        if self._lines is None:
            return
        try:
            self._lines.write(line())
        except WireError as error:
            self._account.failed(error)
