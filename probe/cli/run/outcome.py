"""What every command that judges has in common: what was asked, what is shown, what it came to and what went wrong."""

from __future__ import annotations

import signal
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, Generic, TypeVar

import click

from probe.capture.errors import CaptureError
from probe.cli.options.hosts import Host
from probe.cli.options.reporting import Reporting
from probe.reports.document import Trouble
from probe.results.exit_codes import ExitCode, heaviest
from probe.results.expectations import fates, marked_run
from probe.results.matrix import CellResult
from probe.results.verdict import ExchangeResult, Expected, Report, Run, Unchecked, Verdict
from probe.wire.errors import TargetError, UnansweredError, WireError

Options = TypeVar("Options")
_AFTER_ALL = 1 << 30
"""The place of errors that belong to no target."""


@dataclass(frozen=True, slots=True)
class Request(Generic[Options]):
    """Which peers are asked, and how; without hosts the embedded lab is.

    ``versions`` (4, 6) restricts them, empty: either. ``explicit`` are options the user gave, which outweigh those of
    a file of hosts. ``jobs`` hosts are asked at a time.
    """

    hosts: Sequence[Host]
    versions: Collection[int]
    options: Options
    explicit: Mapping[str, Any] = field(default_factory=dict)
    jobs: int = 1


@dataclass(frozen=True, slots=True)
class Display:
    """What is printed, the ladders of the exchanges of ``show`` and the proofs of ``why`` with it, what is written."""

    reporting: Reporting
    quiet: bool = False
    show: frozenset[str] = frozenset()
    why: frozenset[str] = frozenset()

    def explains(self, result: ExchangeResult | CellResult) -> bool:
        """Whether the proofs of this exchange, or cell, are among them."""
        return not self.why.isdisjoint(result.names)

    def shows(self, result: ExchangeResult | CellResult) -> bool:
        """Whether the ladder of this exchange is among them."""
        return not self.show.isdisjoint(result.names)


@dataclass(slots=True)
class Outcome:
    """What a command has come to so far, beside its results.

    ``errors`` are sentences by the place of the target they belong to, with the exit code each calls for. ``expected``
    are deviations that do not fail the run, ``fail_on`` verdicts that do.
    """

    command: str
    expected: tuple[Expected, ...] = ()
    fail_on: frozenset[Verdict] = frozenset()
    errors: list[tuple[int, str, ExitCode]] = field(default_factory=list)
    interrupted: bool = False
    late: bool = False

    def failed(self, error: WireError | TargetError | CaptureError, place: int = _AFTER_ALL) -> None:
        """Note a trouble and go on."""
        code = ExitCode.USAGE if isinstance(error, TargetError) else ExitCode.ENVIRONMENT
        if isinstance(error, UnansweredError):
            code = ExitCode.INCONCLUSIVE
        self.errors.append((place, str(error), code))
        self.errors.sort(key=lambda entry: entry[0])

    def attempt(self, write: Callable[[], object]) -> None:
        """Write results; trouble is noted."""
        try:
            write()
        except WireError as error:
            self.failed(error)

    @property
    def troubles(self) -> list[Trouble]:
        """The errors for people; those of a target are told with it."""
        return [Trouble(sentence, own=place < _AFTER_ALL) for place, sentence, _ in self.errors]

    def exit_code(self, *found: ExitCode) -> ExitCode:
        """What the results, ``found``, come to with all that went wrong beside them."""
        wrong = [code for _, _, code in self.errors] + [ExitCode.INTERRUPTED] * self.interrupted
        return heaviest([*found, *wrong])

    def complain(self, warnings: Iterable[str] = ()) -> None:
        """Warnings and errors, a sentence a line, on standard error.

        Several targets suffer from the same, such as a missing capability: it is said once.
        """
        ends = ["the deadline came; what was not done by then is inconclusive"] * self.late
        ends += ["interrupted; what was done until then is reported"] * self.interrupted
        for sentence in dict.fromkeys((*warnings, *(trouble.sentence for trouble in self.troubles), *ends)):
            click.echo(f"probe: {sentence}", err=True)


@dataclass(slots=True)
class Checked(Outcome):
    """The same with runs of exchanges, and targets without one, by their place in the order they were given in."""

    runs: dict[int, Run] = field(default_factory=dict)
    unchecked: dict[int, Unchecked] = field(default_factory=dict)

    def lost(self, place: int, unchecked: Unchecked, error: WireError | TargetError) -> None:
        """A target of which there will be no run."""
        self.unchecked[place] = unchecked
        self.failed(error, place)

    def add(self, run: Run, place: int = 0) -> None:
        """Take a run in; one that ended early says why."""
        self.runs[place] = marked_run(run, self.expected)
        self.late |= run.late
        if run.trouble:
            self.failed(WireError(run.trouble), place)
        elif run.interrupted:
            self.interrupted = True

    def report(self, profile: str) -> Report:
        """What the reports are made of."""
        runs = tuple(self.runs[place] for place in sorted(self.runs))
        unchecked = tuple(self.unchecked[place] for place in sorted(self.unchecked))
        expected = fates(self.expected, runs)
        return Report(
            self.command, profile, runs, self.interrupted, unchecked=unchecked, fail_on=self.fail_on, expected=expected
        )


@contextmanager
def terminated_like_ctrl_c() -> Iterator[None]:
    """Within, SIGTERM raises KeyboardInterrupt as Ctrl-C does, so that what is done is still reported.

    SIGINT is Python's business: one started with it ignored (`probe check &` in a script) goes on ignoring it.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before: Callable[[int, FrameType | None], object] | int | None = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
