"""Runs matrices: one target after another, every result kept whatever happens, reported at the end."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from probe.cli.options.targets import Peer, locate
from probe.cli.output.progress import FleetProgress
from probe.cli.run.check import lab_endpoints
from probe.cli.run.frame import Frame, opened
from probe.cli.run.outcome import Display, Outcome, Request
from probe.live import matrix as live
from probe.live.fleet import Fleet
from probe.live.options import MatrixOptions
from probe.live.worker import Ended, Event, Failed, Found, Going, Job
from probe.reports import data
from probe.reports.builders import matrix as builder
from probe.results.expectations import fates, from_runs, marked_matrix
from probe.results.matrix import MatrixReport, MatrixRun, renumbered
from probe.results.verdict import Expected
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
        frame.close()
        expected = fates(frame.outcome.expected, (), run.runs)
        found = tuple(run.runs), frame.outcome.interrupted, frame.outcome.fail_on, expected
        report = MatrixReport(request.options.profile, *found)

        def deviations(today: str, reason: str) -> tuple[Expected, ...]:
            return from_runs((), report.runs, today, reason, report.expected)

        warnings = [warning for one in run.runs for warning in one.warnings]
        return frame.publish(builder.document(report), report.exit_code, deviations, warnings)


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
        self.frame.teller.tell("begun", lambda: [{"target": str(target), "ip_version": target.version, "name": ""}])

    def _over(self, found: MatrixRun) -> None:
        """A run is over: keep it and tell of it."""
        outcome, run = self.frame.outcome, marked_matrix(found, self.frame.outcome.expected)
        self.runs.append(run)
        self.frame.teller.tell("cell", lambda: (data.cell(cell, run) for cell in run.cells))
        self.frame.teller.tell("ended", lambda: [data.matrix_run(run) | {"trouble": run.trouble}])
        outcome.late |= run.late
        if run.trouble:
            outcome.failed(WireError(run.trouble), len(self.runs) - 1)
        elif run.interrupted:
            outcome.interrupted = True
