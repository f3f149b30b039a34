"""The frame of every command that plays with a peer: what is open while it runs, and how what it found gets out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

from probe.cli.output.outputs import Deviations, Outputs, Teller
from probe.cli.output.progress import FleetProgress
from probe.cli.output.sinks import PatientRecorder
from probe.cli.output.terminal import Progress
from probe.cli.run.outcome import Checked, Display, Outcome, terminated_like_ctrl_c
from probe.live.fleet import Fleet
from probe.live.worker import Ended, Event, Failed, Found, Going, Job, Judged, Packet
from probe.reports.document import Document
from probe.results.exit_codes import ExitCode
from probe.results.expectations import from_runs
from probe.results.matrix import MatrixRun
from probe.results.verdict import Report, Run
from probe.spec.segment import Endpoint
from probe.wire.errors import TargetError, WireError


@dataclass(frozen=True, slots=True)
class Frame:
    """The files of a run and who tells of its events."""

    outcome: Outcome
    display: Display
    outputs: Outputs
    recorder: PatientRecorder | None
    teller: Teller
    progress: Progress

    @contextmanager
    def playing(self) -> Iterator[None]:
        """Within, trouble and Ctrl-C end the play and not the command: what was found until then is published.

        Then the recording is closed, before anything is written: its trouble belongs into the reports.
        """
        try:
            yield
        except KeyboardInterrupt:
            self.outcome.interrupted = True
        except (WireError, TargetError) as error:
            self.outcome.failed(error)
        self.progress.clear()
        if self.recorder is not None:
            self.recorder.close()
            if self.recorder.trouble is not None:
                self.outcome.failed(self.recorder.trouble)

    def record(self, packets: Sequence[Packet]) -> int:
        """Write what a worker recorded; so many packets the file held before."""
        if self.recorder is None or not packets:
            return 0
        base = self.recorder.count
        for one in packets:
            self.recorder.add(one.packet, one.time, one.comments, sent=one.sent)
        self.recorder.flush()
        return base

    def report(self, outcome: Checked, profile: str, build: Callable[[Report], Document]) -> int:
        """Write and print the runs of a check as a document; the exit code."""
        report = outcome.report(profile)
        return self.publish(
            build(report),
            report.exit_code,
            lambda today, reason: from_runs(report.runs, (), today, reason, report.expected),
            (*report.warnings, *(w for run in report.runs for w in run.warnings)),
        )

    def publish(
        self, document: Document, found: ExitCode, deviations: Deviations | None, warnings: Iterable[str]
    ) -> int:
        """Write and print a document; the exit code, where the results by themselves call for ``found``."""
        outcome, quiet = self.outcome, self.display.quiet
        code = partial(outcome.exit_code, found)
        return self.outputs.publish(document, outcome, code, deviations=deviations, warnings=warnings, quiet=quiet)


@contextmanager
def opened(outcome: Outcome, display: Display, comment: str, unit: str = "exchanges") -> Iterator[Frame]:
    """Open the files, the recording with ``comment``; WireError before anything runs where one cannot be written.

    ``unit`` is what the progress line counts.
    """
    with ExitStack() as stack:
        outputs = Outputs(display.reporting, stack)
        recorder = PatientRecorder(display.reporting.save, comment) if display.reporting.save else None
        if recorder is not None:
            stack.callback(recorder.close)
        outcome.expected, outcome.fail_on = outputs.expected, outputs.fail_on
        stack.enter_context(terminated_like_ctrl_c())
        teller = Teller(outputs.lines, outcome, outputs.expected)
        yield Frame(outcome, display, outputs, recorder, teller, Progress(quiet=display.quiet, unit=unit))


def lab_endpoints(found: Mapping[int, Endpoint], versions: Collection[int]) -> list[Endpoint]:
    """Those of the embedded lab that are asked for; WireError where this machine has none of them."""
    wanted = sorted(versions or (4, 6))
    if endpoints := [found[version] for version in wanted if version in found]:
        return endpoints
    kind = " or ".join(f"IPv{version}" for version in wanted)
    raise WireError(f"this machine has no {kind} loopback address for the lab: switch that version on")


class Player(ABC):
    """Plays jobs one after another, or side by side by processes of their own; keeps what comes of each as it comes.

    ``bar`` shows how far all of them are, where there are several.
    """

    def __init__(self, frame: Frame, bar: FleetProgress | None = None) -> None:
        self.frame, self.bar = frame, bar

    @abstractmethod
    def play(self, job: Job) -> Run | MatrixRun:
        """Play one in this process. Raises TargetError or WireError."""

    @abstractmethod
    def take(self, job: Job, run: Run | MatrixRun, base: int) -> bool:
        """Keep a result, whose packets come after ``base`` others in the recording; whether it failed."""

    @abstractmethod
    def lost(self, job: Job, error: WireError | TargetError) -> None:
        """Note that there will be no result."""

    def each(self, jobs: Iterable[Job]) -> None:
        """One after another."""
        for job in jobs:
            self.frame.progress.label = str(job.target)
            self._begun(job)
            try:
                self.heard(Found(job, self.play(job)))
            except (WireError, TargetError) as error:
                self.heard(Failed(job, error))
            if self.frame.outcome.interrupted:
                return

    def side_by_side(self, lanes: Sequence[Sequence[Job]], jobs: int, *, ordered: bool = False) -> None:
        """The lanes at the same time, so many of them at most; results in their order where ``ordered``."""
        Fleet(lanes, jobs, self.heard, recorded=self.frame.recorder is not None, ordered=ordered).run()

    def lab(self, versions: Collection[int], make: Callable[[int, Endpoint], Job], unit: str = "exchange") -> None:
        """The embedded lab over both versions, each by a process of its own, which is forked into its namespace."""
        from probe.lab import Lab

        with Lab() as lab:
            jobs = [make(place, target) for place, target in enumerate(lab_endpoints(lab.endpoints, versions))]
            if len(jobs) == 1:
                self.each(jobs)
                return
            self.bar = FleetProgress(self.frame.progress, len(jobs), unit)
            for job in jobs:
                self._begun(job)
            self.side_by_side([[job] for job in jobs], len(jobs), ordered=True)

    def heard(self, event: Event) -> None:
        """Keep what came of a job, and show how far it is."""
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
                self.lost(job, error)
                self.over(job.number, failed=True)
            case Found(job, run, packets):
                self.over(job.number, failed=self.take(job, run, self.frame.record(packets)))
            case Ended(interrupted):
                self.frame.outcome.interrupted |= interrupted

    def over(self, place: int, *, failed: bool) -> None:
        """A job has ended, or will never begin."""
        if self.bar is not None:
            self.bar.over(place, failed=failed)

    def _begun(self, job: Job) -> None:
        self.frame.teller.begun(job.number, str(job.target), job.target.version, job.name)
