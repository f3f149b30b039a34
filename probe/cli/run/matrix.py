"""Runs matrices: one target after another, every result kept whatever happens, reported at the end."""

from __future__ import annotations

from dataclasses import replace

from probe.cli.options.targets import locate
from probe.cli.run.frame import Frame, Player, opened
from probe.cli.run.outcome import Display, Outcome, Request
from probe.live import matrix as live
from probe.live.options import MatrixOptions
from probe.live.worker import Job
from probe.recording.sections import section_comment
from probe.reports import data
from probe.reports.builders import matrix as builder
from probe.results.expectations import fates, from_runs, marked_matrix
from probe.results.matrix import MatrixReport, MatrixRun, renumbered
from probe.results.verdict import Run
from probe.spec.segment import Endpoint
from probe.wire.errors import TargetError, WireError


def matrix(request: Request[MatrixOptions], display: Display) -> int:
    """Judge the targets, or the embedded lab when there are none; print and write the results; the exit code.

    Raises TargetError or WireError for what makes the whole run pointless.
    """
    peers = [peer for host in request.hosts for peer in locate(host.address, host.ports, request.versions)]

    def job(place: int, target: Endpoint, interface: str = "") -> Job:
        options = request.options
        return Job(place, target, matrix=replace(options, interface=options.interface or interface or None))

    comment = section_comment("matrix", request.options.profile)
    with opened(Outcome("matrix"), display, comment, "cells") as frame:
        run = _Matrices(frame)
        with frame.playing():
            if peers:
                run.each(job(place, peer.endpoint, peer.interface) for place, peer in enumerate(peers))
            else:
                run.lab(request.versions, job, "cell")
        expected = fates(frame.outcome.expected, (), run.runs)
        found = tuple(run.runs), frame.outcome.interrupted, frame.outcome.fail_on, expected
        report = MatrixReport(request.options.profile, *found)
        return frame.publish(
            builder.document(report, display.explains),
            report.exit_code,
            lambda today, reason: from_runs((), report.runs, today, reason, report.expected),
            [warning for one in run.runs for warning in one.warnings],
        )


class _Matrices(Player):
    """``runs`` is what was found so far."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        self.runs: list[MatrixRun] = []

    def play(self, job: Job) -> MatrixRun:
        options = replace(job.matrix or MatrixOptions(), recorder=self.frame.recorder, progress=self.frame.progress)
        return live.matrix(job.target, options)

    def take(self, job: Job, run: Run | MatrixRun, base: int) -> bool:
        assert isinstance(run, MatrixRun)
        outcome, found = self.frame.outcome, marked_matrix(renumbered(run, base), self.frame.outcome.expected)
        self.runs.append(found)
        self.frame.teller.tell("cell", lambda: (data.cell(cell, found) for cell in found.cells))
        self.frame.teller.tell("ended", lambda: [data.matrix_run(found) | {"trouble": found.trouble}])
        outcome.late |= found.late
        if found.trouble:
            outcome.failed(WireError(found.trouble), len(self.runs) - 1)
        elif found.interrupted:
            outcome.interrupted = True
        return False

    def lost(self, job: Job, error: WireError | TargetError) -> None:
        self.frame.outcome.failed(error)
