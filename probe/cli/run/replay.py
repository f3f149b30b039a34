"""Runs a replay: captures by connections, recordings of `probe check` by exchanges; keeps every result, reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from probe.capture.errors import CaptureError
from probe.capture.reader import Reading
from probe.capture.sources import STDIN
from probe.cli.output.outputs import Outputs
from probe.cli.output.progress import ByteProgress
from probe.cli.output.sinks import LineSink
from probe.cli.run.outcome import Display, terminated_like_ctrl_c
from probe.cli.run.replay_outcome import Replayed, ReplayRequest
from probe.recording import reading as recorded
from probe.replay.deadline import Deadline, LateError
from probe.replay.excerpts import excerpts
from probe.replay.run import Sink
from probe.replay.run import replay as judge
from probe.reports import data
from probe.reports.builders import replay as builder
from probe.reports.formats.as_jsonl import line
from probe.results.connection import Connection, Recording, Replay
from probe.results.expectations import from_runs
from probe.results.verdict import ExchangeResult, Expected
from probe.wire.errors import TargetError, WireError

_FIRST = 1 << 16
"""Octets that surely hold the first section's comment."""


def replay(request: ReplayRequest, display: Display) -> int:
    """Read, judge, print and write; the exit code.

    Raises WireError for a file that cannot be written, TargetError for a connection that does not exist.
    """
    progress = ByteProgress(quiet=display.quiet)
    with ExitStack() as stack:
        outputs = Outputs(display.reporting, stack)
        outcome = Replayed("replay", expected=outputs.expected, fail_on=outputs.fail_on)
        request = replace(request, expected=outputs.expected)
        outcome.find(request.files)
        with terminated_like_ctrl_c():
            if request.picked:
                from probe.cli.run.show import show

                return show(request, outcome, outputs)
            try:
                sink = None if outputs.lines is None else _Passing(outputs.lines, outcome)
                _judge(request, outcome, progress, sink, every="json" in display.reporting.files)
            except KeyboardInterrupt:
                outcome.interrupted = True
            progress.clear()
            return _publish(request, display, outcome, outputs)


# -- judging -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Passing:
    """Writes connections as they are known; after a trouble, which is noted, no more of them."""

    lines: LineSink
    outcome: Replayed

    def take(self, connections: Sequence[Connection]) -> None:
        """Take them over."""
        self.lines.put("".join(line(data.connection_line(one)) for one in connections))

    def flush(self) -> None:
        """Write them."""
        self.outcome.attempt(self.lines.flush)


def _judge(
    request: ReplayRequest, outcome: Replayed, progress: ByteProgress, sink: Sink | None, *, every: bool
) -> None:
    """Recordings first, they are short. JSON lists ``every`` connection, theirs too; verdicts on those do not count."""
    ours = [] if request.as_captures else [file for file in outcome.files if _is_recording(file)]
    if request.exchanges and not ours:
        raise TargetError(
            f"--show {request.exchanges[0]}: none of the files is a recording; show a connection's number"
        )
    with Deadline(request.until) as deadline:
        for file in ours:
            try:
                with deadline.waiting():  # whatever is half done is given up
                    again = recorded.judge_recording(file, request.profile)
                _take(again, file, outcome)
            except LateError:
                outcome.not_judged(file, request.profile)
            except CaptureError as error:
                outcome.failed(error)
    captures = [file for file in outcome.files if file not in ours]
    try:
        if (every or sink) and ours:
            aside = replace(request, expected=())
            outcome.sideline = judge(aside.options(ours, None if every else 0, sink=sink))
        if captures:
            outcome.replay = judge(request.options(captures, None if every else request.limit, progress, sink))
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
    return first is not None and any(map(recorded.is_recording, first.section_comments))


def _take(again: recorded.JudgedRecording, file: str, outcome: Replayed) -> None:
    if again.fault is not None:
        outcome.failed(again.fault)
    outcome.judged_again(Recording(file, again.report, again.verdicts, tuple(map(str, again.differences))))


# -- results out -------------------------------------------------------------------------------------------------------


def _publish(request: ReplayRequest, display: Display, outcome: Replayed, outputs: Outputs) -> int:
    """Files first, as trouble with them belongs into the rest; then people."""
    outcome.settle()

    def deviations(today: str, reason: str) -> tuple[Expected, ...]:
        runs = [run for one in outcome.recordings for run in one.report.runs]
        return from_runs(runs, (), today, reason, outcome.expected, outcome.replay)

    def shown(result: ExchangeResult) -> bool:
        return any(fnmatchcase(result.id, pattern) for pattern in request.exchanges)

    found = builder.Replayed(
        _whole(request, outcome),
        outcome.replay,
        outcome.recordings,
        outcome.connections,
        request.limit,
        request.filters,
        shown,
        excerpts,
    )
    warnings = [warning for one in outcome.recordings for run in one.report.runs for warning in run.warnings]
    return outputs.publish(
        builder.document(found),
        outcome,
        outcome.code,
        deviations=deviations,
        warnings=(*outcome.remarks, *warnings),
        quiet=display.quiet,
    )


def _whole(request: ReplayRequest, outcome: Replayed) -> Replay:
    """All files together."""
    nothing = request.nothing()
    whole, sideline = outcome.replay or nothing, outcome.sideline or nothing
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
