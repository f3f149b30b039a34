"""What a replay was asked for and what it has found so far: requests, outcomes, exit codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial

import click

from probe.capture.errors import CaptureError
from probe.capture.sources import find
from probe.cli.options.filters import Filter
from probe.cli.output.byte_progress import ByteProgress
from probe.cli.output.outputs import CUT_SHORT, LATE
from probe.replay.cluster import executor
from probe.replay.run import ReplayOptions
from probe.replay.sink import Sink
from probe.reports.as_replay_json import Recording
from probe.results.connection import Connection, Replay
from probe.results.exit_codes import ENVIRONMENT, INTERRUPTED, USAGE, VIOLATED
from probe.results.expectations import fates, marked_run
from probe.results.verdict import Expected, Fate, Report, Unchecked, Verdict
from probe.wire.errors import TargetError, WireError

_PROFILE = "rfc9293"
_OPEN = 3  # nothing could be concluded
_NO_TIME = "not judged by the deadline"
_WEIGHT = (VIOLATED, INTERRUPTED, USAGE, ENVIRONMENT, _OPEN, 0)
"""Exit codes, the one that outweighs the others first."""


@dataclass(frozen=True, slots=True)
class Picked:
    """One connection to show; ``file`` None where there is only one file."""

    file: str | None
    index: int


@dataclass(frozen=True, slots=True)
class Request:
    """What to read and what to look at; ``profile`` None is rfc9293, and for a recording its own.

    ``filters`` are as given, ``wanted`` what they mean. ``picked`` are connections to show instead of a report,
    ``exchanges`` patterns of exchange ids whose ladders a recording's report shows. ``limit``: rows, None for all.
    ``until`` (of ``time.monotonic``) is when it ends; ``expected`` are deviations that are no news.
    """

    files: tuple[str, ...]
    profile: str | None = None
    filters: tuple[str, ...] = ()
    wanted: Filter | None = None
    picked: tuple[Picked, ...] = ()
    exchanges: tuple[str, ...] = ()
    limit: int | None = 20
    as_captures: bool = False
    workers: int | None = None
    scheduler: str | None = None
    until: float | None = None
    expected: tuple[Expected, ...] = ()

    def options(
        self,
        files: Iterable[str],
        limit: int | None = None,
        progress: ByteProgress | None = None,
        sink: Sink | None = None,
    ) -> ReplayOptions:
        """The same for the session."""
        return ReplayOptions(
            files=tuple(files),
            profile=self.profile or _PROFILE,
            wanted=self.wanted,
            limit=limit,
            workers=self.workers,
            progress=progress,
            sink=sink,
            executor=partial(executor, self.scheduler) if self.scheduler else None,
            until=self.until,
            expected=self.expected,
        )

    def nothing(self) -> Replay:
        """What a replay of no file finds."""
        return Replay((), self.profile or _PROFILE, 0, 0, {}, {}, {}, ())


@dataclass(slots=True)
class Outcome:
    """What has been done so far; ``errors`` are sentences with the exit code each calls for.

    ``sideline`` holds the connections of recordings, for JSON alone: what the tester did wrong in them was meant.
    ``expected`` are deviations that do not fail the run, ``fail_on`` verdicts that do.
    """

    command: str = "replay"
    expected: tuple[Expected, ...] = ()
    fail_on: frozenset[Verdict] = frozenset()
    files: list[str] = field(default_factory=list)
    replay: Replay | None = None
    sideline: Replay | None = None
    recordings: list[Recording] = field(default_factory=list)
    errors: list[tuple[str, int]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    interrupted: bool = False
    late: bool = False

    @property
    def sentences(self) -> list[str]:
        """The errors for people."""
        return [sentence for sentence, _ in self.errors]

    def judged_again(self, recording: Recording) -> None:
        """Take in a recording; what was expected of it is marked."""
        runs = tuple(marked_run(run, self.expected) for run in recording.report.runs)
        report = replace(recording.report, runs=runs, fail_on=self.fail_on)
        self.recordings.append(replace(recording, report=report))

    def not_judged(self, file: str, profile: str | None) -> None:
        """A recording for which no time was left."""
        report = Report("replay", profile or _PROFILE, unchecked=(Unchecked(file, _NO_TIME),), fail_on=self.fail_on)
        self.recordings.append(Recording(file, report, {}))
        self.late = True

    def settle(self) -> None:
        """All is judged: what became of the expectations. What is gone is told once, in the last report."""
        runs = [run for one in self.recordings for run in one.report.runs]
        told = fates(self.expected, runs, (), self.replay)
        there = tuple(one for one in told if one.fate is not Fate.GONE)
        if self.replay is not None:
            self.replay = replace(self.replay, fail_on=self.fail_on, expected=told)
        for place, one in enumerate(self.recordings, 1):
            last = place == len(self.recordings) and self.replay is None
            report = replace(one.report, expected=told if last else there)
            self.recordings[place - 1] = replace(one, report=report)
        self.expected = told

    def failed(self, error: CaptureError | WireError | TargetError) -> None:
        """Note a trouble and go on."""
        self.errors.append((str(error), USAGE if isinstance(error, TargetError) else ENVIRONMENT))

    def attempt(self, write: Callable[[], object]) -> None:
        """Write results; trouble is noted."""
        try:
            write()
        except WireError as error:
            self.failed(error)

    def connections(self) -> list[Connection]:
        """All that were asked for, in the order of the files."""
        found = [c for part in (self.replay, self.sideline) if part is not None for c in part.listed]
        place = {file: at for at, file in enumerate(self.files)}
        return sorted(found, key=lambda c: (place[c.file], c.index))

    def exit_code(self) -> int:
        """The weightiest of what the parts call for."""
        codes = [code for _, code in self.errors] + [r.report.exit_code for r in self.recordings]
        codes += [self.replay.exit_code] if self.replay else []
        codes += [INTERRUPTED] if self.interrupted else []
        codes += [VIOLATED if Verdict.INCONCLUSIVE in self.fail_on else _OPEN] if self.late else []
        return min(codes, key=_WEIGHT.index, default=_OPEN)

    def find(self, arguments: Iterable[str]) -> None:
        """The files to read. What cannot be found costs the others nothing."""
        for argument in arguments:
            try:
                found = find([argument])
            except CaptureError as error:
                self.failed(error)
                continue
            if not found.files:
                self.failed(WireError(f"{argument} holds no capture file; name a pcap or pcapng file"))
            self.files += found.files
            reasons = [reason for _, reason in found.passed_over]
            for reason in dict.fromkeys(reasons):
                self.remarks.append(f"{argument}: {reasons.count(reason):,} passed over: {reason}")
        self.files = list(dict.fromkeys(self.files))

    def complain(self) -> None:
        """Remarks and errors, a sentence a line, on standard error."""
        sentences = [*self.remarks, *(w for r in self.recordings for run in r.report.runs for w in run.warnings)]
        sentences += self.sentences
        sentences += [LATE] if self.late else []
        sentences += [CUT_SHORT] if self.interrupted else []
        for sentence in sentences:
            click.echo(f"probe: {sentence}", err=True)
