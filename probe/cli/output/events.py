"""Writes the events of a run as lines of JSON while they happen; every exchange once, when nothing can change it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from probe.cli.output.sinks import LineSink
from probe.cli.run.outcome import Outcome
from probe.reports import data
from probe.reports.document import Data
from probe.reports.formats.as_jsonl import line
from probe.results.expectations import marked, placed
from probe.results.verdict import ExchangeResult, Expected, Run


class Teller:
    """One run's events; ``place`` is the target's in the order of the report. Without ``lines`` nothing is written."""

    def __init__(self, lines: LineSink | None, outcome: Outcome, expected: Sequence[Expected] = ()) -> None:
        self._lines, self._outcome, self._expected = lines, outcome, expected
        self._told: dict[int, set[str]] = {}

    def begun(self, place: int, target: str, ip_version: int, name: str = "") -> None:
        """The target's check begins, if that was not told before; ``ip_version`` 0: the target is not known yet."""
        if place not in self._told:
            self._told[place] = set()
            self.tell("begun", lambda: [{"target": target, "ip_version": ip_version or None, "name": name}])

    def exchange(self, place: int, result: ExchangeResult, name: str = "") -> None:
        """An exchange has its verdict, which nothing can change; ``name`` is what the user calls the target."""
        told = self._told.setdefault(place, set())
        if result.id not in told:
            told.add(result.id)
            self.tell("exchange", lambda: [data.exchange(marked(result, self._expected, name))])

    def ended(self, place: int, run: Run) -> None:
        """The target's check is over: what was not told yet, and what it came to."""
        for result in placed(run):
            self.exchange(place, result, run.name)
        self.tell("ended", lambda: [data.check_run(run, exchanges=False) | {"trouble": run.trouble}])

    def tell(self, kind: str, make: Callable[[], Iterable[Data]]) -> None:
        """Write events as they come; trouble is noted."""
        if (lines := self._lines) is not None:
            command, now = self._outcome.command, time.time()
            made = [line(data.event(kind, command, now, body)) for body in make()]
            self._outcome.attempt(lambda: lines.write_all(made))
