"""Runs a check: every target's result kept whatever happens to the others, reported at the end."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from probe.cli.output.progress import FleetProgress
from probe.cli.run.frame import Frame, Player, opened
from probe.cli.run.outcome import Checked, Display, Request
from probe.cli.run.plan import plan
from probe.live import check as live
from probe.live.options import CheckOptions
from probe.live.pacing import Pace
from probe.live.worker import Going, Job, Judged
from probe.recording.sections import section_comment
from probe.reports.builders import check as builder
from probe.results.exit_codes import ExitCode
from probe.results.matrix import MatrixRun
from probe.results.verdict import ExchangeResult, Report, Run, Unchecked
from probe.spec.segment import Endpoint
from probe.wire.errors import TargetError, WireError


def check(request: Request[CheckOptions], display: Display) -> int:
    """Check the hosts, or the embedded lab when there are none; print and write the results; the exit code.

    Raises TargetError or WireError for what makes the whole run pointless: a file that cannot be written, the only
    target not to be found.
    """
    made = plan(request.hosts, request.versions, request.options, request.explicit)
    if made.lost and made.size == 1:
        raise made.lost[0][2]
    several = sum(len(host.ports) for host in request.hosts) > 1  # a row a target, rather than an answer a target
    outcome, profile, rate = Checked("check"), request.options.profile, request.explicit.get("rate")

    def in_lab(place: int, target: Endpoint) -> Job:
        return Job(place, target, replace(request.options, pace=Pace(rate) if rate else None))

    with opened(outcome, display, section_comment("check", profile)) as frame:
        player = _Checking(frame, outcome, FleetProgress(frame.progress, made.size) if several else None)
        with frame.playing():
            for place, host, error in made.lost:
                outcome.lost(place, Unchecked(host.address, str(error), 0, host.name), error)
                player.over(place, failed=True)
            lanes = made.lanes()
            if not made.size:
                player.lab(request.versions, in_lab)
            elif request.jobs > 1 and len(lanes) > 1:
                player.side_by_side(lanes, request.jobs)
            else:
                player.each(job for lane in lanes for job in lane)
        if outcome.interrupted:
            why = "interrupted before its turn"
            for job in made.jobs:
                if job.number not in outcome.runs:
                    left_out = Unchecked(str(job.target), why, job.target.version, job.name)
                    outcome.unchecked.setdefault(job.number, left_out)
        return frame.report(
            outcome, profile, partial(builder.document, show=display.shows, why=display.explains, several=several)
        )


class _Checking(Player):
    def __init__(self, frame: Frame, outcome: Checked, bar: FleetProgress | None) -> None:
        super().__init__(frame, bar)
        self.outcome = outcome

    def play(self, job: Job) -> Run:
        options = replace(
            job.options,
            recorder=self.frame.recorder,
            progress=lambda done, total: self.heard(Going(job, done, total)),
            told=lambda result: self.heard(Judged(job, result)),
        )
        return live.check(job.target, options)

    def take(self, job: Job, run: Run | MatrixRun, base: int) -> bool:
        assert isinstance(run, Run)
        self.outcome.add(replace(_renumbered(run, base), name=job.name), job.number)
        found = self.outcome.runs[job.number]
        self.frame.teller.ended(job.number, found)
        return Report("", "", (found,)).exit_code is ExitCode.VIOLATED

    def lost(self, job: Job, error: WireError | TargetError) -> None:
        unchecked = Unchecked(str(job.target), str(error), job.target.version, job.name)
        self.outcome.lost(job.number, unchecked, error)


def _renumbered(run: Run, base: int) -> Run:
    """The run with the numbers its packets have in a recording that held ``base`` packets before."""

    def moved(result: ExchangeResult) -> ExchangeResult:
        steps = tuple(replace(step, number=step.number + base) if step.number else step for step in result.steps)
        findings, notes = (tuple(one.renumbered(base) for one in some) for some in (result.findings, result.notes))
        proofs = result.proofs and result.proofs.renumbered(base)
        return replace(result, steps=steps, findings=findings, notes=notes, proofs=proofs)

    return replace(run, exchanges=tuple(map(moved, run.exchanges))) if base else run
