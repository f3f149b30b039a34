"""``--show N`` of `probe replay`: the ladders of the connections picked, and nothing else."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace

from probe.capture.errors import CaptureError
from probe.cli.options.filters import Picked
from probe.cli.output.sinks import DocumentSink
from probe.cli.output.terminal import paint, say, width
from probe.cli.run.replay_outcome import Replayed, ReplayRequest
from probe.replay.excerpts import packets_of
from probe.reports import as_replay_json
from probe.reports.as_replay_ladder import ladder
from probe.reports.as_replay_text import counts_line
from probe.reports.as_text import Style
from probe.reports.replay_table import short_names
from probe.results.connection import Connection, Packet, Replay
from probe.results.verdict import Verdict
from probe.wire.errors import TargetError, WireError


def show(request: ReplayRequest, outcome: Replayed, sink: DocumentSink | None) -> int:
    """Print them, or write them with their segments as JSON, or both; the exit code."""
    shown: list[tuple[Connection, tuple[Packet, ...]]] = []
    for picked in request.picked:
        try:
            shown.append(packets_of(request.options([_file_of(picked, outcome.files)]), picked.index))
        except (CaptureError, TargetError, WireError) as error:
            outcome.failed(error)
    counted = _counted(request, outcome.files, [connection for connection, _ in shown])
    outcome.replay = counted
    if sink is not None:
        outcome.attempt(lambda: sink.write("".join(_document(outcome, counted, shown))))
    outcome.complain(outcome.remarks)
    code = outcome.code()
    if shown and not (sink is not None and sink.to_stdout):
        style = Style(width(), paint(sys.stdout))
        ladders = [ladder(connection, packets, style) for connection, packets in shown]
        say("\n\n".join([*ladders, counts_line(counted, code)]) + "\n")
    return code


def _counted(request: ReplayRequest, files: list[str], shown: list[Connection]) -> Replay:
    words = [connection.verdict for connection in shown]
    return replace(
        request.nothing(),
        files=tuple(files),
        connections=len(shown),
        verdicts={word: words.count(word) for word in Verdict},
    )


def _document(outcome: Replayed, replay: Replay, shown: list[tuple[Connection, tuple[Packet, ...]]]) -> Iterator[str]:
    return as_replay_json.render(
        replay,
        (as_replay_json.connection(connection, packets) for connection, packets in shown),
        exit_code=outcome.code(),
        errors=outcome.sentences,
    )


def _file_of(picked: Picked, files: list[str]) -> str:
    """The file meant: as it was given, or by its own name where only one file has it."""
    if picked.file is None and len(files) == 1:
        return files[0]
    if picked.file is None:
        raise TargetError(f"there are {len(files)} files: write --show FILE:{picked.index}")
    names = short_names(files)
    found = [path for path in files if picked.file in (path, names[path])]
    if not found:
        raise TargetError(f"there is no file {picked.file!r} among those given: write --show FILE:{picked.index}")
    return found[0]
