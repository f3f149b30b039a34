"""What a run leaves behind: files opened before it begins, events while it goes on, then documents and a last word."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from functools import partial

import click

from probe.cli.options import expectations as expecting
from probe.cli.options.reporting import TROUBLE, Reporting
from probe.cli.output import github
from probe.cli.output.sinks import DocumentSink, LineSink
from probe.cli.output.terminal import paint, say, width
from probe.cli.run.outcome import Outcome
from probe.reports import data, formats
from probe.reports.document import Data, Document
from probe.reports.formats import actions, markdown, text
from probe.reports.formats.as_jsonl import line
from probe.results.exit_codes import ExitCode
from probe.results.expectations import marked, placed
from probe.results.verdict import ExchangeResult, Expected, Run, Verdict
from probe.wire.errors import WireError

Deviations = Callable[[str, str], tuple[Expected, ...]]
"""Every deviation as an expected one, from today's date and a reason."""


class Outputs:
    """The files of one run; ``expected`` and ``fail_on`` are what its verdicts are held against."""

    def __init__(self, wanted: Reporting, stack: ExitStack) -> None:
        """Open them; WireError for the first that cannot be written, TargetError for a list that makes no sense."""
        self.wanted = wanted
        self.expected = expecting.read(wanted.expect) if wanted.expect else ()
        self.fail_on = frozenset(Verdict(word) for word in wanted.fail_on if word != TROUBLE)
        self.lines: LineSink | None = None
        self._sinks: list[tuple[formats.Format, DocumentSink | LineSink]] = []
        for one in formats.found():
            where = wanted.files.get(one.name)
            if where is not None:
                sink = LineSink(where) if one.lines else DocumentSink(where)
                stack.callback(sink.close)
                self._sinks.append((one, sink))
                self.lines = sink if isinstance(sink, LineSink) else self.lines
        self._expect = DocumentSink(wanted.write_expect) if wanted.write_expect else None
        if self._expect is not None:
            stack.callback(self._expect.close)

    @property
    def stdout_taken(self) -> bool:
        """Whether a document is on standard output, where nothing else may stand then."""
        sinks = [sink for _, sink in self._sinks] + ([self._expect] if self._expect else [])
        return any(sink.to_stdout for sink in sinks)

    def publish(
        self,
        document: Document,
        outcome: Outcome,
        code: Callable[[], ExitCode],
        *,
        deviations: Deviations | None = None,
        warnings: Iterable[str] = (),
        quiet: bool = False,
    ) -> ExitCode:
        """Write everything asked for, then print; the exit code.

        Trouble with one file is an error of the run that those after it tell of: JSON comes last.
        """

        def now() -> Document:
            return replace(document, code=code(), errors=tuple(outcome.troubles))

        if (listed := self._expect) is not None and deviations is not None:
            found = deviations(date.today().isoformat(), expecting.REASON.format(command=outcome.command))
            outcome.attempt(lambda: listed.write_all([expecting.text(found, self.wanted.write_expect or "")]))
        for one, sink in reversed(self._sinks):
            outcome.attempt(partial(sink.write_all, one.render(now())))
        github.summarize(lambda room: markdown.fitted_document(now(), room))
        github.annotate(lambda: actions.render(now()), stdout_taken=self.stdout_taken)
        outcome.complain(warnings)
        if not self.stdout_taken:
            try:
                say(text.render(now(), text.Style(width(), paint(sys.stdout), quiet)))
            except WireError as error:
                outcome.failed(error)
                click.echo(f"probe: {error}", err=True)
        return code()


class Teller:
    """Writes the events of one run as lines of JSON while they happen; without ``lines`` nothing is written.

    Every exchange is told once, when nothing can change it; ``place`` is the target's in the order of the report.
    """

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
