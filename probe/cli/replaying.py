"""Runs a replay: captures by connections, recordings of `probe check` by exchanges; keeps every result, reports."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import partial

from probe.capture.errors import CaptureError
from probe.capture.reader import Reading
from probe.capture.sources import STDIN
from probe.cli.lines import LineSink
from probe.cli.progress import ByteProgress
from probe.cli.replay_outcome import Outcome, Request
from probe.cli.signals import terminated_like_ctrl_c
from probe.cli.sinks import DocumentSink
from probe.cli.terminal import paint, say, width
from probe.engine.connection import Connection, Replay
from probe.engine.verdict import ExchangeResult
from probe.reports import as_replay_json, as_replay_text, as_text
from probe.reports.as_replay_json import Recording
from probe.reports.as_replay_text import Scope
from probe.session import recorded
from probe.session.replay import replay as judge
from probe.session.sink import Sink
from probe.wire.errors import TargetError, WireError

_FIRST = 1 << 16
"""Octets that surely hold the first section's comment."""


@dataclass(frozen=True, slots=True)
class Display:
    """Where results go: JSON to ``json_to``, connections as lines to ``jsonl_to``, JUnit XML (``-``: stdout)."""

    json_to: str | None = None
    jsonl_to: str | None = None
    quiet: bool = False
    junit_to: str | None = None


def replay(request: Request, display: Display) -> int:
    """Read, judge, print and write; the exit code.

    Raises WireError for a file that cannot be written, TargetError for a connection that does not exist.
    """
    outcome, progress = Outcome(), ByteProgress(quiet=display.quiet)
    with ExitStack() as stack:
        json_sink = DocumentSink(display.json_to) if display.json_to else None
        lines = LineSink(display.jsonl_to) if display.jsonl_to else None
        junit = DocumentSink(display.junit_to) if display.junit_to else None
        for sink in (json_sink, lines, junit):
            if sink is not None:
                stack.callback(sink.close)
        outcome.find(request.files)
        with terminated_like_ctrl_c():
            if request.picked:
                from probe.cli.showing import show

                return show(request, outcome, json_sink)
            try:
                _judge(request, display, outcome, progress, None if lines is None else _Passing(lines, outcome))
            except KeyboardInterrupt:
                outcome.interrupted = True
            progress.clear()
            return _publish(request, display, outcome, json_sink, lines, junit)


# -- judging -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Passing:
    """Writes connections as they are known; after a trouble, which is noted, no more of them."""

    lines: LineSink
    outcome: Outcome

    def take(self, connections: Sequence[Connection]) -> None:
        """Take them over."""
        self.lines.put("".join(map(as_replay_json.line, connections)))

    def flush(self) -> None:
        """Write them."""
        self.outcome.attempt(self.lines.flush)


def _judge(request: Request, display: Display, outcome: Outcome, progress: ByteProgress, sink: Sink | None) -> None:
    """Recordings first: they are short. JSON lists their connections too; verdicts on those count for nothing."""
    ours = [] if request.as_captures else [file for file in outcome.files if _is_recording(file)]
    if request.exchanges and not ours:
        raise TargetError(
            f"--show {request.exchanges[0]}: none of the files is a recording; show a connection's number"
        )
    for file in ours:
        try:
            outcome.recordings.append(_rejudged(file, request.profile, outcome))
        except CaptureError as error:
            outcome.failed(error)
    captures = [file for file in outcome.files if file not in ours]
    every = display.json_to is not None
    try:
        if (every or sink) and ours:
            outcome.sideline = judge(request.options(ours, None if every else 0, sink=sink))
        if captures:
            outcome.replay = judge(request.options(captures, None if every else request.limit, progress, sink))
    except (CaptureError, WireError) as error:
        outcome.failed(error)
    outcome.interrupted |= outcome.replay is not None and outcome.replay.interrupted


def _is_recording(file: str) -> bool:
    """By the comment of its first section. A file that cannot be read is left to the replay, which says why."""
    if file == STDIN:
        return False  # could not be read again
    try:
        first = next(iter(Reading(file, chunk=_FIRST)), None)
    except CaptureError:
        return False
    return first is not None and any(map(recorded.is_recording, first.section_comments))


def _rejudged(file: str, profile: str | None, outcome: Outcome) -> Recording:
    again = recorded.rejudge(file, profile)
    if again.fault is not None:
        outcome.failed(again.fault)
    return Recording(file, again.report, again.verdicts, tuple(map(str, again.differences)))


# -- results out -------------------------------------------------------------------------------------------------------


def _publish(
    request: Request,
    display: Display,
    outcome: Outcome,
    json_sink: DocumentSink | None,
    lines: LineSink | None,
    junit: DocumentSink | None,
) -> int:
    """Files first, as trouble with them belongs into the rest; then people."""
    if junit is not None:
        outcome.attempt(lambda: junit.write(_junit(request, outcome)))
    if lines is not None:
        outcome.attempt(lambda: lines.write(_last_line(request, outcome)))
    if json_sink is not None:
        outcome.attempt(lambda: json_sink.write("".join(_json(request, outcome))))
    outcome.complain()
    code = outcome.exit_code()
    if not any(sink is not None and sink.to_stdout for sink in (json_sink, lines, junit)):
        say("\n".join(_texts(request, display, outcome, code)))
    return code


def _junit(request: Request, outcome: Outcome) -> str:
    from probe.reports import junit_replay  # its package takes a while to load

    listed = outcome.replay.listed[: request.limit] if outcome.replay is not None else ()
    errors = [sentence for sentence, _ in outcome.errors]
    return junit_replay.render(outcome.replay, listed, recordings=outcome.recordings, errors=errors)


def _json(request: Request, outcome: Outcome) -> Iterable[str]:
    return as_replay_json.render(
        _whole(request, outcome),
        map(as_replay_json.connection, outcome.connections()),
        exit_code=outcome.exit_code(),
        errors=[sentence for sentence, _ in outcome.errors],
        recordings=outcome.recordings,
    )


def _last_line(request: Request, outcome: Outcome) -> str:
    return as_replay_json.last_line(
        _whole(request, outcome),
        exit_code=outcome.exit_code(),
        errors=[sentence for sentence, _ in outcome.errors],
        recordings=outcome.recordings,
    )


def _whole(request: Request, outcome: Outcome) -> Replay:
    """All files together."""
    whole = outcome.replay or request.nothing()
    sideline = outcome.sideline or request.nothing()
    return replace(
        whole,
        files=tuple(outcome.files),
        records=whole.records + sideline.records,
        skipped=dict(Counter(whole.skipped) + Counter(sideline.skipped)),
        faults=whole.faults + sideline.faults,
        interrupted=outcome.interrupted,
    )


def _texts(request: Request, display: Display, outcome: Outcome, code: int) -> Iterator[str]:
    """The parts of the report; the last line of the last one names the exit code."""
    style = as_text.Style(width(), paint(sys.stdout), display.quiet)
    for place, one in enumerate(outcome.recordings, 1):
        last = place == len(outcome.recordings) and outcome.replay is None
        yield as_replay_text.recording_heading(one, style) + as_text.render(
            one.report, style, exit_code=code if last else None, shown=partial(_is_shown, request.exchanges)
        )
    if outcome.replay is not None:
        scope = Scope(request.limit, request.filters)
        yield as_replay_text.render(outcome.replay, style, scope=scope, exit_code=code)


def _is_shown(patterns: tuple[str, ...], result: ExchangeResult) -> bool:
    return any(fnmatchcase(result.id, pattern) for pattern in patterns)
