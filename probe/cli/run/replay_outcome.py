"""What a replay was asked for and what it has found so far: requests, outcomes, exit codes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial

from probe.capture.errors import CaptureError
from probe.capture.sources import find
from probe.cli.options.filters import Filter, Picked
from probe.cli.output.progress import ByteProgress
from probe.cli.run.outcome import Outcome
from probe.replay.cluster import executor
from probe.replay.run import ReplayOptions, Sink
from probe.results.connection import Connection, Recording, Replay
from probe.results.exit_codes import ExitCode
from probe.results.expectations import fates, marked_run
from probe.results.verdict import Expected, Fate, Report, Unchecked, Verdict, exit_code
from probe.wire.errors import WireError

_PROFILE = "rfc9293"
_NO_TIME = "not judged by the deadline"


@dataclass(frozen=True, slots=True)
class ReplayRequest:
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
class Replayed(Outcome):
    """The outcome of a replay with what was found so far; ``remarks`` are no errors.

    ``sideline`` holds the connections of recordings, for JSON alone: what the tester did wrong in them was meant.
    """

    files: list[str] = field(default_factory=list)
    replay: Replay | None = None
    sideline: Replay | None = None
    recordings: list[Recording] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

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

    def connections(self) -> list[Connection]:
        """All that were asked for, in the order of the files."""
        found = [c for part in (self.replay, self.sideline) if part is not None for c in part.listed]
        place = {file: at for at, file in enumerate(self.files)}
        return sorted(found, key=lambda c: (place[c.file], c.index))

    def code(self) -> ExitCode:
        """The weightiest of what the parts call for."""
        codes = [one.report.exit_code for one in self.recordings] + ([self.replay.exit_code] if self.replay else [])
        codes += [exit_code({Verdict.INCONCLUSIVE}, self.fail_on)] * self.late
        return self.exit_code(*codes)

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
