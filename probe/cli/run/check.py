"""Runs a check: every target's result kept whatever happens to the others, reported at the end."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from probe.cli.output.progress import FleetProgress
from probe.cli.run.frame import Frame, opened
from probe.cli.run.outcome import Checked, Display, Request
from probe.cli.run.plan import Plan, plan
from probe.live import check as live
from probe.live.fleet import Fleet
from probe.live.options import CheckOptions
from probe.live.pacing import Pace
from probe.live.worker import Ended, Event, Failed, Found, Going, Job, Judged
from probe.recording.metadata import section_comment
from probe.reports.builders import check as builder
from probe.results.exit_codes import ExitCode
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
    outcome, profile = Checked("check"), request.options.profile

    def shown(result: ExchangeResult) -> bool:
        return result.id in display.show

    with opened(outcome, display, section_comment("check", profile)) as frame:
        run = _Check(frame, outcome, FleetProgress(frame.progress, made.size) if several else None)
        with frame.playing():
            if made.size:
                run.all(made, request.jobs)
            else:
                run.lab(request)
        if outcome.interrupted:
            outcome.left_out(made.jobs)
        frame.progress.clear()
        return frame.report(outcome, profile, lambda found: builder.document(found, shown, several=several))


def lab_endpoints(found: Mapping[int, Endpoint], versions: Collection[int]) -> list[Endpoint]:
    """Those of the embedded lab that are asked for; WireError where this machine has none of them."""
    wanted = sorted(versions or (4, 6))
    if endpoints := [found[version] for version in wanted if version in found]:
        return endpoints
    kind = " or ".join(f"IPv{version}" for version in wanted)
    raise WireError(f"this machine has no {kind} loopback address for the lab: switch that version on")


class _Check:
    """One target after another, or hosts side by side; ``bar`` where there are several targets."""

    def __init__(self, frame: Frame, outcome: Checked, bar: FleetProgress | None) -> None:
        self.frame, self.outcome, self.bar = frame, outcome, bar

    def all(self, made: Plan, jobs: int) -> None:
        for place, host, error in made.lost:
            self.outcome.lost(place, Unchecked(host.address, str(error), 0, host.name), error)
            self._over(place, failed=True)
        lanes = made.lanes()
        if jobs > 1 and len(lanes) > 1:
            Fleet(lanes, jobs, self._heard, recorded=self.frame.recorder is not None).run()
        else:
            self.each([job for lane in lanes for job in lane])

    def lab(self, request: Request[CheckOptions]) -> None:
        """Both versions at the same time, each by a process of its own, which is forked into the lab's namespace."""
        from probe.lab import Lab

        rate = request.explicit.get("rate")
        options = replace(request.options, pace=Pace(rate) if rate else None)
        with Lab() as lab:
            found = lab_endpoints(lab.endpoints, request.versions)
            jobs = [Job(place, endpoint, options) for place, endpoint in enumerate(found)]
            if len(jobs) == 1:
                self.each(jobs)
                return
            self.bar = FleetProgress(self.frame.progress, len(jobs))
            recorded = self.frame.recorder is not None
            Fleet([[job] for job in jobs], len(jobs), self._heard, recorded=recorded, ordered=True).run()

    def each(self, jobs: list[Job]) -> None:
        for job in jobs:
            self.frame.progress.label = str(job.target)

            def going(done: int, total: int, job: Job = job) -> None:
                self._heard(Going(job, done, total))

            def told(result: ExchangeResult, job: Job = job) -> None:
                self._heard(Judged(job, result))

            self._begun(job)
            options = replace(job.options, recorder=self.frame.recorder, progress=going, told=told)
            try:
                self._heard(Found(job, live.check(job.target, options)))
            except (WireError, TargetError) as error:
                self._heard(Failed(job, error))
            if self.outcome.interrupted:
                return

    def _heard(self, event: Event) -> None:
        """Keep what came of a target."""
        if isinstance(event, Going | Judged | Found):
            self._begun(event.job)
        match event:
            case Going(job, done, total):
                if self.bar is None:
                    self.frame.progress(done, total)
                else:
                    self.bar.going(job.number, done, total)
            case Judged(job, result):
                self.frame.teller.exchange(job.number, result, job.name)
            case Failed(job, error):
                target = job.target
                self.outcome.lost(job.number, Unchecked(str(target), str(error), target.version, job.name), error)
                self._over(job.number, failed=True)
            case Found(job, Run() as run, packets):
                if packets:
                    run = _renumbered(run, self.frame.record(packets))
                self.outcome.add(replace(run, name=job.name), job.number)
                found = self.outcome.runs[job.number]
                self.frame.teller.ended(job.number, found)
                self._over(job.number, failed=Report("", "", (found,)).exit_code is ExitCode.VIOLATED)
            case Ended(interrupted):
                self.outcome.interrupted |= interrupted

    def _begun(self, job: Job) -> None:
        self.frame.teller.begun(job.number, str(job.target), job.target.version, job.name)

    def _over(self, place: int, *, failed: bool) -> None:
        if self.bar is not None:
            self.bar.over(place, failed=failed)


def _renumbered(run: Run, base: int) -> Run:
    """The run with the numbers its packets have in a recording that held ``base`` packets before."""

    def moved(result: ExchangeResult) -> ExchangeResult:
        steps = tuple(replace(step, number=step.number + base) if step.number else step for step in result.steps)
        found = (replace(one, packets=tuple(number + base for number in one.packets)) for one in result.findings)
        return replace(result, steps=steps, findings=tuple(found))

    return replace(run, exchanges=tuple(map(moved, run.exchanges))) if base else run
