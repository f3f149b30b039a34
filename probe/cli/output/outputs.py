"""What a run leaves behind: files opened before it begins, written when it is over, whatever happens to one of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import date
from typing import Protocol

from probe.cli.options import expectations as expecting
from probe.cli.options.reporting import Reporting
from probe.cli.output import github
from probe.cli.output.lines import LineSink
from probe.cli.output.sinks import DocumentSink
from probe.results.verdict import Expected, Verdict
from probe.wire.errors import WireError


class Papers(Protocol):
    """One report in every format."""

    def json(self, code: int, errors: Sequence[str]) -> str:
        """The JSON document."""

    def last_line(self, code: int, errors: Sequence[str], now: float) -> str:
        """The line that ends --jsonl; ``now`` in seconds since the epoch."""

    def junit(self, errors: Sequence[str]) -> str:
        """JUnit XML."""

    def markdown(self, code: int, errors: Sequence[str], room: int | None = None) -> str:
        """The summary, in so many octets at most."""

    def annotations(self, errors: Sequence[str]) -> str:
        """Workflow commands of GitHub Actions."""

    def expectations(self, today: str, reason: str) -> tuple[Expected, ...]:
        """Every deviation as an expected one."""


class Account(Protocol):
    """What the outcome of a command says of itself."""

    command: str

    def failed(self, error: WireError, /) -> None:
        """Note a trouble and go on."""

    @property
    def sentences(self) -> list[str]:
        """The errors for people."""


class Outputs:
    """The files of one run; ``expected`` and ``fail_on`` are what its verdicts are held against."""

    def __init__(self, wanted: Reporting, stack: ExitStack) -> None:
        """Open them; WireError for the first that cannot be written, TargetError for a list that makes no sense."""
        self.wanted = wanted
        self.expected = expecting.read(wanted.expect) if wanted.expect else ()
        self.fail_on = frozenset(Verdict(word) for word in wanted.fail_on)
        self._json = _opened(wanted.json_to, stack)
        self._junit = _opened(wanted.junit_to, stack)
        self._markdown = _opened(wanted.markdown_to, stack)
        self._expect = _opened(wanted.write_expect, stack)
        self.lines = LineSink(wanted.jsonl_to) if wanted.jsonl_to else None
        if self.lines is not None:
            stack.callback(self.lines.close)

    @property
    def stdout_taken(self) -> bool:
        """Whether a document is on standard output, where nothing else may stand then."""
        sinks = (self._json, self._junit, self._markdown, self._expect, self.lines)
        return any(sink is not None and sink.to_stdout for sink in sinks)

    @property
    def document(self) -> DocumentSink | None:
        """Where the JSON document goes."""
        return self._json

    def write(self, papers: Papers, account: Account, code: Callable[[], int]) -> None:
        """Write everything asked for. Trouble with one is an error of the run that those after it tell of."""
        errors = account.sentences
        _attempt(account, self._expect, lambda: self._listed(papers, account.command))
        _attempt(account, self._junit, lambda: papers.junit(errors))
        _attempt(account, self._markdown, lambda: papers.markdown(code(), account.sentences))
        github.summarize(lambda room: papers.markdown(code(), account.sentences, room))
        _attempt(account, self._json, lambda: papers.json(code(), account.sentences))
        _attempt(account, self.lines, lambda: papers.last_line(code(), account.sentences, time.time()))
        github.annotate(papers.annotations(account.sentences), stdout_taken=self.stdout_taken)

    def _listed(self, papers: Papers, command: str) -> str:
        found = papers.expectations(date.today().isoformat(), expecting.REASON.format(command=command))
        return expecting.text(found, self.wanted.write_expect or "")


def _opened(where: str | None, stack: ExitStack) -> DocumentSink | None:
    if where is None:
        return None
    sink = DocumentSink(where)
    stack.callback(sink.close)
    return sink


def _attempt(account: Account, sink: DocumentSink | LineSink | None, text: Callable[[], str]) -> None:
    if sink is None:
        return
    try:
        sink.write(text())
    except WireError as error:
        account.failed(error)
