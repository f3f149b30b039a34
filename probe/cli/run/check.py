"""Runs a check: every target's result kept whatever happens to the others, reported at the end."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from probe.cli.options.hosts import Host
from probe.cli.output.events import Teller
from probe.cli.output.fleet_progress import FleetProgress
from probe.cli.output.outputs import Outputs
from probe.cli.output.publishing import Display, publish
from probe.cli.output.sinks import PatientRecorder
from probe.cli.output.terminal import Progress
from probe.cli.run.outcome import Outcome, kept
from probe.cli.run.plan import Plan, plan
from probe.cli.run.signals import terminated_like_ctrl_c
from probe.live import check as live
from probe.live.fleet import Fleet
from probe.live.options import CheckOptions
from probe.live.pacing import Pace
from probe.live.worker import Ended, Event, Failed, Found, Going, Job, Judged
from probe.recording.metadata import section_comment
from probe.reports import as_fleet, as_text
from probe.results.verdict import ExchangeResult, Report, Run, Unchecked
from probe.wire.errors import TargetError, WireError

_CHECKABLE = (4, 6)


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be checked. ``explicit`` are options the user gave, which outweigh those of a file of hosts.

    ``jobs`` hosts are checked at a time, ``deadline`` seconds at most. Without hosts the embedded lab is.
    """

    hosts: Sequence[Host]
    versions: Collection[int]
    options: CheckOptions
    explicit: Mapping[str, Any] = field(default_factory=dict)
    jobs: int = 1
    deadline: float | None = None

    @property
    def several(self) -> bool:
        """Whether a row a target is wanted, rather than an answer a target."""
        return sum(len(host.ports) for host in self.hosts) > 1


def check(request: Request, display: Display) -> int:
    """Check the hosts, or the embedded lab when there are none; print and write the results; the exit code.

    Raises TargetError or WireError for what makes the whole run pointless: a file that cannot be written, the only
    target not to be found.
    """
    return _Checking(request, display).run()


class _Checking:
    """One run of the command."""

    def __init__(self, request: Request, display: Display) -> None:
        self.request, self.display = request, display
        self.outcome = Outcome()
        self.teller = Teller(None, self.outcome)
        self.line = Progress(quiet=display.quiet)
        self.recorder: PatientRecorder | None = None
        self.bar: FleetProgress | None = None

    def run(self) -> int:
        with ExitStack() as stack:
            stack.enter_context(terminated_like_ctrl_c())
            if self.request.deadline is not None:
                until = time.monotonic() + self.request.deadline
                self.request = replace(self.request, options=replace(self.request.options, until=until))
            made = plan(self.request.hosts, self.request.versions, self.request.options, self.request.explicit)
            if made.lost and made.size == 1:
                raise made.lost[0][2]
            outputs = self._open(stack)
            try:
                self._run_all(made)
            except KeyboardInterrupt:
                self.outcome.interrupted = True
            self.outcome.left_out(made.jobs if self.outcome.interrupted else [])
            self.line.clear()
            render = as_fleet.render if self.request.several else as_text.render
            return publish(self.outcome, self.request.options.profile, self.display, outputs, self.recorder, render)

    def _open(self, stack: ExitStack) -> Outputs:
        """The files; WireError before anything runs where one cannot be written."""
        wanted = self.display.reporting
        outputs = Outputs(wanted, stack)
        if wanted.save:
            self.recorder = PatientRecorder(wanted.save, section_comment("check", self.request.options.profile))
        self.outcome.expected, self.outcome.fail_on = outputs.expected, outputs.fail_on
        self.teller = Teller(outputs.lines, self.outcome, outputs.expected)
        return outputs

    # -- one target after another, or hosts side by side ---------------------------------------------------------------

    def _run_all(self, made: Plan) -> None:
        if not made.size:
            self._run_lab()
            return
        if self.request.several:
            self.bar = FleetProgress(self.line, made.size)
        for place, host, error in made.lost:
            self.outcome.lost(place, Unchecked(host.address, str(error), 0, host.name), error)
            self._over(place, failed=True)
        lanes = made.lanes()
        if self.request.jobs > 1 and len(lanes) > 1:
            Fleet(lanes, self.request.jobs, self._heard, recorded=self.recorder is not None).run()
        else:
            self._run_each([job for lane in lanes for job in lane])

    def _run_lab(self) -> None:
        from probe.lab import Lab

        rate = self.request.explicit.get("rate")
        options = replace(self.request.options, pace=Pace(rate) if rate else None)
        versions = self.request.versions
        try:
            with Lab() as lab:
                found = [lab.endpoints[v] for v in sorted(versions or _CHECKABLE) if v in lab.endpoints]
                if not found:
                    kind = " or ".join(f"IPv{v}" for v in sorted(versions))
                    raise WireError(f"this machine has no {kind} loopback address for the lab: switch that version on")
                self._run_side_by_side([Job(place, endpoint, options) for place, endpoint in enumerate(found)])
        except (WireError, TargetError) as error:
            self.outcome.failed(error)

    def _run_side_by_side(self, jobs: list[Job]) -> None:
        """The lab over both versions, each by a process of its own, which is forked into the lab's namespace."""
        if len(jobs) == 1:
            self._run_each(jobs)
            return
        self.bar = FleetProgress(self.line, len(jobs))
        Fleet([[job] for job in jobs], len(jobs), self._heard, recorded=self.recorder is not None, ordered=True).run()

    def _run_each(self, jobs: list[Job]) -> None:
        for job in jobs:
            self.line.label = str(job.target)

            def going(done: int, total: int, job: Job = job) -> None:
                self._heard(Going(job, done, total))

            def told(result: ExchangeResult, job: Job = job) -> None:
                self._heard(Judged(job, result))

            self._begun(job)
            options = replace(job.options, recorder=self.recorder, progress=going, told=told)
            try:
                run = live.check(job.target, options)
            except (WireError, TargetError) as error:
                self._heard(Failed(job, error))
                continue
            self._heard(Found(job, run))
            if self.outcome.interrupted:
                return

    def _heard(self, event: Event) -> None:
        """Keep what came of a target."""
        if isinstance(event, Going | Judged | Found):
            self._begun(event.job)
        match event:
            case Going(job, done, total):
                if self.bar is None:
                    self.line(done, total)
                else:
                    self.bar.going(job.number, done, total)
            case Judged(job, result):
                self.teller.exchange(job.number, result, job.name)
            case Failed(job, error):
                self.outcome.not_begun(job, error)
                self._over(job.number, failed=True)
            case Found(job, Run() as run, packets):
                if packets and self.recorder is not None:
                    run = kept(run, packets, self.recorder)  # the same with its numbers
                self.outcome.found(job, run)
                found = self.outcome.runs[job.number]
                self.teller.ended(job.number, found)
                self._over(job.number, failed=Report("", "", (found,)).exit_code == 1)
            case Ended(interrupted):
                self.outcome.interrupted |= interrupted

    def _begun(self, job: Job) -> None:
        self.teller.begun(job.number, str(job.target), job.target.version, job.name)

    def _over(self, place: int, *, failed: bool) -> None:
        if self.bar is not None:
            self.bar.over(place, failed=failed)
