"""Runs matrices: one target after another, every result kept whatever happens, reported at the end."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field, replace

from probe.cli.options.targets import Peer, locate
from probe.cli.output.fleet_progress import FleetProgress
from probe.cli.output.matrix_formats import MatrixPapers
from probe.cli.output.terminal import paint, say, width
from probe.cli.run.check import lab_endpoints
from probe.cli.run.frame import Frame, opened
from probe.cli.run.outcome import Display, Outcome, Request
from probe.live import matrix as live
from probe.live.fleet import Fleet
from probe.live.options import MatrixOptions
from probe.live.worker import Ended, Event, Failed, Found, Going, Job
from probe.reports import as_jsonl, as_matrix_json, as_matrix_text
from probe.reports.as_json import Document
from probe.results.expectations import fates, marked_matrix
from probe.results.matrix import MatrixReport, MatrixRun, renumbered
from probe.spec.segment import Endpoint
from probe.wire.errors import TargetError, WireError


def matrix(request: Request[MatrixOptions], display: Display) -> int:
    """Judge the targets, or the embedded lab when there are none; print and write the results; the exit code.

    Raises TargetError or WireError for what makes the whole run pointless.
    """
    peers = [peer for host in request.hosts for peer in locate(host.address, host.ports, request.versions)]
    comment = f"probe matrix, profile {request.options.profile}"
    with opened(Outcome("matrix"), display, comment, "cells") as frame:
        run = _Matrix(frame, request.options)
        with frame.playing():
            if peers:
                run.each(peers)
            else:
                run.lab(request)
        frame.progress.clear()
        return _publish(frame, request.options.profile, run.runs)


@dataclass(slots=True)
class _Matrix:
    """One target after another, or the lab over both versions; ``runs`` is what was found so far."""

    frame: Frame
    options: MatrixOptions
    runs: list[MatrixRun] = field(default_factory=list)

    def each(self, peers: list[Peer]) -> None:
        progress, outcome = self.frame.progress, self.frame.outcome
        for peer in peers:
            self._begun(peer.endpoint)
            progress.label = str(peer.endpoint)
            interface = self.options.interface or peer.interface or None
            options = replace(self.options, interface=interface, recorder=self.frame.recorder, progress=progress)
            try:
                self._over(live.matrix(peer.endpoint, options))
            except (WireError, TargetError) as error:
                outcome.failed(error)
            if outcome.interrupted:
                return

    def lab(self, request: Request[MatrixOptions]) -> None:
        """Both versions at the same time, each by a process of its own, which is forked into the lab's namespace."""
        from probe.lab import Lab

        with Lab() as lab:
            found = lab_endpoints(lab.endpoints, request.versions)
            if len(found) == 1:
                self.each([Peer(found[0])])
                return
            bar = FleetProgress(self.frame.progress, len(found), "cell")

            def heard(event: Event) -> None:
                match event:
                    case Going(job, done, total):
                        bar.going(job.number, done, total)
                    case Failed(job, error):
                        self.frame.outcome.failed(error)
                        bar.over(job.number, failed=True)
                    case Found(job, MatrixRun() as run, packets):
                        self._over(renumbered(run, self.frame.record(packets)))
                        bar.over(job.number, failed=False)
                    case Ended(interrupted):
                        self.frame.outcome.interrupted |= interrupted

            for endpoint in found:
                self._begun(endpoint)
            lanes = [[Job(place, endpoint, matrix=self.options)] for place, endpoint in enumerate(found)]
            Fleet(lanes, len(lanes), heard, recorded=self.frame.recorder is not None, ordered=True).run()

    def _begun(self, target: Endpoint) -> None:
        self._tell("begun", {"target": str(target), "ip_version": target.version, "name": ""})

    def _over(self, found: MatrixRun) -> None:
        """A run is over: keep it and tell of it."""
        outcome, run = self.frame.outcome, marked_matrix(found, self.frame.outcome.expected)
        self.runs.append(run)
        self._tell("cell", *(as_matrix_json.cell_document(cell, run) for cell in run.cells))
        self._tell("ended", as_matrix_json.run_document(run) | {"trouble": run.trouble})
        outcome.late |= run.late
        if run.trouble:
            outcome.failed(WireError(run.trouble))
        elif run.interrupted:
            outcome.interrupted = True

    def _tell(self, kind: str, *documents: Document) -> None:
        """Write events as lines of JSON."""
        if (lines := self.frame.outputs.lines) is not None:
            text = "".join(as_jsonl.event(kind, "matrix", time.time(), one) for one in documents)
            self.frame.outcome.attempt(lambda: lines.write(text))


def _publish(frame: Frame, profile: str, runs: list[MatrixRun]) -> int:
    """Recording first, as its trouble belongs into the reports; then files; then people."""
    outcome, outputs, recorder = frame.outcome, frame.outputs, frame.recorder
    if recorder is not None:
        recorder.close()
        if recorder.trouble is not None:
            outcome.failed(recorder.trouble)
    expected = fates(outcome.expected, (), runs)
    report = MatrixReport(profile, tuple(runs), outcome.interrupted, outcome.fail_on, expected)
    outputs.write(MatrixPapers(report), outcome, lambda: outcome.exit_code(report.exit_code))
    outcome.complain(warning for run in runs for warning in run.warnings)
    code = outcome.exit_code(report.exit_code)
    if runs and not outputs.stdout_taken:
        style = as_matrix_text.Style(width(), paint(sys.stdout), frame.display.quiet)
        say(as_matrix_text.render(report, style, exit_code=code))
    return code
