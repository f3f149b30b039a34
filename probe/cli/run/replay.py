"""Runs a replay: captures by connections, recordings of ours by exchanges and cells; keeps every result, reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import partial

from probe.capture.errors import CaptureError
from probe.capture.reader import Reading
from probe.capture.sources import STDIN, find
from probe.cli.options.reporting import TROUBLE
from probe.cli.output.outputs import Outputs
from probe.cli.output.progress import ByteProgress
from probe.cli.output.sinks import LineSink
from probe.cli.output.spool import Spool
from probe.cli.run.outcome import Display, Outcome, terminated_like_ctrl_c
from probe.recording.sections import schema
from probe.replay.deadline import Deadline, LateError
from probe.replay.excerpts import excerpts
from probe.replay.extracting import ends_of, extract
from probe.replay.run import ReplayOptions
from probe.replay.run import replay as judge
from probe.reports import listed
from probe.reports.builders import replay as builder
from probe.reports.builders.captured import short_names
from probe.results.connection import Recording, Replay
from probe.results.exit_codes import ExitCode
from probe.results.expectations import fates, from_runs, marked_matrix, marked_run
from probe.results.listing import Entry
from probe.results.matrix import MatrixRun
from probe.results.verdict import Fate, Report, Unchecked, Verdict, exit_code
from probe.wire.errors import TargetError, WireError

_FIRST = 1 << 16
"""Octets that surely hold the first section's comment."""


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """What to read and what to look at.

    ``options`` hold for captures, and for recordings but for the profile: ``profile`` None is a recording's own.
    ``filters`` are as given. ``picked`` are connections to show instead of a report, each by its file (None: the
    only one) and number; ``exchanges`` are patterns of exchange ids whose ladders a recording's report shows. Of those
    of ``explained`` and ``reasons`` (cells, too) it is told what their verdicts stand on. ``limit``: rows, None: all.
    ``oddities``: list what is strange in captured connections; ``timeline``: count them by time.
    """

    files: tuple[str, ...]
    options: ReplayOptions
    profile: str | None = None
    filters: tuple[str, ...] = ()
    limit: int | None = 20
    as_captures: bool = False
    picked: Sequence[tuple[str | None, int]] = ()
    exchanges: Sequence[str] = ()
    explained: Sequence[tuple[str | None, int]] = ()
    reasons: Sequence[str] = ()
    oddities: bool = False
    timeline: bool = False


@dataclass(slots=True)
class _Replayed(Outcome):
    """The outcome with what was found so far; ``remarks`` are no errors.

    ``sideline`` holds the connections of recordings, for JSON alone: what the tester did wrong in them was meant.
    """

    files: list[str] = field(default_factory=list)
    replay: Replay | None = None
    sideline: Replay | None = None
    fail_on_trouble: bool = False
    recordings: list[Recording] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def take(self, recording: Recording) -> None:
        """Take in a recording; what was expected of it is marked."""
        runs = tuple(marked_run(run, self.expected) for run in recording.report.runs)
        report, matrix = replace(recording.report, runs=runs, fail_on=self.fail_on), recording.matrix
        if matrix is not None:
            grids = tuple(marked_matrix(run, self.expected) for run in matrix.runs)
            matrix = replace(matrix, runs=grids, fail_on=self.fail_on)
        self.recordings.append(replace(recording, report=report, matrix=matrix))

    @property
    def matrices(self) -> list[MatrixRun]:
        """The recorded ones."""
        return [run for one in self.recordings if one.matrix is not None for run in one.matrix.runs]

    def settle(self) -> None:
        """All is judged: what became of the expectations. What is gone is told once, in the last report."""
        runs = [run for one in self.recordings for run in one.report.runs]
        told = fates(self.expected, runs, self.matrices, self.replay)
        there = tuple(one for one in told if one.fate is not Fate.GONE)
        if self.replay is not None:
            self.replay = replace(
                self.replay, fail_on=self.fail_on, fail_on_trouble=self.fail_on_trouble, expected=told
            )
        for place, one in enumerate(self.recordings, 1):
            last = place == len(self.recordings) and self.replay is None
            expected = told if last else there
            matrix = None if one.matrix is None else replace(one.matrix, expected=expected)
            self.recordings[place - 1] = replace(one, report=replace(one.report, expected=expected), matrix=matrix)
        self.expected = told

    def code(self) -> ExitCode:
        """What all the parts come to."""
        codes = [one.exit_code for one in self.recordings] + ([self.replay.exit_code] if self.replay else [])
        codes += [exit_code({Verdict.INCONCLUSIVE}, self.fail_on)] * self.late
        return self.exit_code(*codes)


def replay(request: ReplayRequest, display: Display) -> int:
    """Read, judge, print and write; the exit code.

    Raises WireError for a file that cannot be written, TargetError for a connection that does not exist.
    """
    with ExitStack() as stack:
        outputs = Outputs(display.reporting, stack)
        outcome = _Replayed("replay", expected=outputs.expected, fail_on=outputs.fail_on)
        outcome.fail_on_trouble = TROUBLE in display.reporting.fail_on
        for argument in request.files:  # what cannot be found costs the others nothing
            try:
                found = find([argument])
            except CaptureError as error:
                outcome.failed(error)
                continue
            if not found.files:
                outcome.failed(WireError(f"{argument} holds no capture file; name a pcap or pcapng file"))
            outcome.files += found.files
            for reason, count in Counter(reason for _, reason in found.passed_over).items():
                outcome.remarks.append(f"{argument}: {count:,} passed over: {reason}")
        outcome.files = list(dict.fromkeys(outcome.files))
        stack.enter_context(terminated_like_ctrl_c())
        if request.picked or request.explained:
            return _show(request, outcome, outputs)
        progress = ByteProgress(quiet=display.quiet)
        try:
            spool = Spool() if "json" in display.reporting.files else None
            if spool is not None:
                stack.callback(spool.close)
            _judge(request, outcome, progress, outputs.lines, spool)
        except KeyboardInterrupt:
            outcome.interrupted = True
        progress.clear()
        return _publish(request, display, outcome, outputs, spool)


# -- judging -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Passing:
    """Writes connections as they are known, and keeps them for the document; trouble with either is noted."""

    lines: LineSink | None
    spool: Spool | None
    outcome: Outcome

    def take(self, connections: Sequence[Entry]) -> None:
        """Take them over."""
        if self.lines is not None:
            self.lines.put("".join(f"{one}\n" for one in listed.lines(connections)))
        if self.spool is not None:
            self.outcome.attempt(partial(self._keep, self.spool, connections))

    def flush(self) -> None:
        """Write them."""
        if self.lines is not None:
            self.outcome.attempt(self.lines.flush)

    @staticmethod
    def _keep(spool: Spool, connections: Sequence[Entry]) -> None:
        for one, row in zip(connections, listed.rows(connections), strict=True):
            spool.put(one.model.file, one.ordinal, row)


def _judge(
    request: ReplayRequest, outcome: _Replayed, progress: ByteProgress, lines: LineSink | None, spool: Spool | None
) -> None:
    """Recordings first, they are short. JSON lists every connection, theirs too; verdicts on those do not count."""
    ours = [] if request.as_captures else [file for file in outcome.files if _is_recording(file)]
    asked = [f"--show {one}" for one in request.exchanges] + [f"--why {one}" for one in request.reasons]
    if asked and not ours:
        raise TargetError(f"{asked[0]}: none of the files is a recording; name a connection's number")
    if ours:
        _judge_recordings(ours, request, outcome)
    recordings = set(ours)
    captures = tuple(file for file in outcome.files if file not in recordings)
    sink = _Passing(lines, spool, outcome) if lines is not None or spool is not None else None
    options = replace(request.options, sink=sink)
    try:
        # Of a matrix they would be thousands, each with what no end would send.
        checks = tuple(one.file for one in outcome.recordings if one.matrix is None)
        if sink and checks:
            outcome.sideline = judge(replace(options, files=checks, limit=0))
        if captures:
            limit, expected = request.limit, outcome.expected
            outcome.replay = judge(replace(options, files=captures, limit=limit, progress=progress, expected=expected))
    except (CaptureError, WireError) as error:
        outcome.failed(error)
    outcome.interrupted |= outcome.replay is not None and outcome.replay.interrupted
    outcome.late |= outcome.replay is not None and outcome.replay.late


def _is_recording(file: str) -> bool:
    """By the comment of its first section. A file that cannot be read is left to the replay, which says why."""
    if file == STDIN:
        return False  # could not be read again
    try:
        first = next(iter(Reading(file, chunk=_FIRST)), None)
    except CaptureError:
        return False
    return first is not None and any(map(schema, first.section_comments))


def _judge_recordings(files: Iterable[str], request: ReplayRequest, outcome: _Replayed) -> None:
    from probe.recording import reading as recorded  # 50 ms that captures must not pay

    with Deadline(request.options.until) as deadline:
        for file in files:
            try:
                with deadline.waiting():  # whatever is half done is given up
                    again = recorded.judge_recording(file, request.profile)
                if again.fault is not None:
                    outcome.failed(again.fault)
                differs = tuple(map(str, again.differences))
                outcome.take(Recording(file, again.report, again.verdicts, differs, again.matrix))
            except LateError:
                unchecked = (Unchecked(file, "not judged by the deadline"),)
                outcome.take(Recording(file, Report("replay", request.options.profile, unchecked=unchecked), {}))
                outcome.late = True
            except CaptureError as error:
                outcome.failed(error)


# -- results out -------------------------------------------------------------------------------------------------------


def _publish(
    request: ReplayRequest, display: Display, outcome: _Replayed, outputs: Outputs, spool: Spool | None
) -> int:
    """Files first, as trouble with them belongs into the rest; then people."""
    outcome.settle()
    runs = [run for one in outcome.recordings for run in one.report.runs]
    found = builder.Replayed(
        _whole(request, outcome),
        outcome.replay,
        outcome.recordings,
        lambda: spool.rows(outcome.files) if spool is not None else (),
        request.limit,
        request.filters,
        lambda result: any(fnmatchcase(result.id, pattern) for pattern in request.exchanges),
        lambda result: any(fnmatchcase(name, pattern) for pattern in request.reasons for name in result.names),
        excerpts,
        request.oddities,
        request.timeline,
    )
    return outputs.publish(
        builder.document(found),
        outcome,
        outcome.code,
        deviations=lambda today, reason: from_runs(
            runs, outcome.matrices, today, reason, outcome.expected, outcome.replay
        ),
        warnings=(
            *outcome.remarks,
            *(warning for run in runs for warning in run.warnings),
            *(warning for run in outcome.matrices for warning in run.warnings),
        ),
        quiet=display.quiet,
    )


def _nothing(request: ReplayRequest) -> Replay:
    """What a replay of no file finds."""
    return Replay((), request.options.profile, 0, 0, {}, {}, {}, ())


def _whole(request: ReplayRequest, outcome: _Replayed) -> Replay:
    """All files together."""
    whole, sideline = outcome.replay or _nothing(request), outcome.sideline or _nothing(request)
    return replace(
        whole,
        files=tuple(outcome.files),
        records=whole.records + sideline.records,
        skipped=dict(Counter(whole.skipped) + Counter(sideline.skipped)),
        faults=whole.faults + sideline.faults,
        interrupted=outcome.interrupted,
        late=outcome.late,
        expected=outcome.expected,
    )


def _show(request: ReplayRequest, outcome: _Replayed, outputs: Outputs) -> int:
    """Print the ladders of the connections picked (``--show N``, ``--why N``), or write them as JSON, or both."""
    shown: list[builder.Picked] = []
    files, names = outcome.files, short_names(outcome.files)
    for file, index in dict.fromkeys((*request.picked, *request.explained)):
        option = "--show" if (file, index) in request.picked else "--why"
        # The file meant: as it was given, or by its own name where only one file has it.
        meant = [path for path in files if file in (None, path, names[path])]
        try:
            if file is None and len(files) != 1:
                raise TargetError(f"there are {len(files)} files: write {option} FILE:{index}")
            if not meant:
                raise TargetError(f"there is no file {file!r} among those given: write {option} FILE:{index}")
            found = extract(meant[0], index, request.options.profile)
            ends = ends_of(found, request.options.profile) if (file, index) in request.explained else ()
            connection = replace(found.connection, oddities=found.oddities, icmp=found.icmp)
            shown.append((connection, found.packets, ends))
            outcome.remarks += [found.warning] if found.warning else []
        except (CaptureError, TargetError, WireError) as error:
            outcome.failed(error)
    words = Counter(connection.verdict for connection, _, _ in shown)
    outcome.replay = replace(
        _nothing(request),
        files=tuple(outcome.files),
        connections=len(shown),
        verdicts={word: words[word] for word in Verdict},
    )
    return outputs.publish(builder.shown(outcome.replay, shown), outcome, outcome.code, warnings=outcome.remarks)
