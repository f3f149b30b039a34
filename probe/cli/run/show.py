"""``--show N`` of `probe replay`: the ladders of the connections picked, and nothing else."""

from __future__ import annotations

from dataclasses import replace

from probe.capture.errors import CaptureError
from probe.cli.options.filters import Picked
from probe.cli.output.outputs import Outputs
from probe.cli.run.replay_outcome import Replayed, ReplayRequest
from probe.replay.excerpts import packets_of
from probe.reports.builders import replay as builder
from probe.reports.builders.connection import short_names
from probe.results.connection import Connection, Packet
from probe.results.verdict import Verdict
from probe.wire.errors import TargetError, WireError


def show(request: ReplayRequest, outcome: Replayed, outputs: Outputs) -> int:
    """Print them, or write them with their segments as JSON, or both; the exit code."""
    shown: list[tuple[Connection, tuple[Packet, ...]]] = []
    for picked in request.picked:
        try:
            shown.append(packets_of(request.options([_file_of(picked, outcome.files)]), picked.index))
        except (CaptureError, TargetError, WireError) as error:
            outcome.failed(error)
    words = [connection.verdict for connection, _ in shown]
    counted = replace(
        request.nothing(),
        files=tuple(outcome.files),
        connections=len(shown),
        verdicts={word: words.count(word) for word in Verdict},
    )
    outcome.replay = counted
    return outputs.publish(builder.shown(counted, shown), outcome, outcome.code, warnings=outcome.remarks)


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
