"""Runs matrices: one target after another, every result kept whatever happens, reported at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

import click

from probe.cli.options.reporting import Reporting
from probe.cli.options.targets import Aim, resolve
from probe.cli.output.fleet_progress import FleetProgress
from probe.cli.output.matrix_formats import MatrixPapers
from probe.cli.output.outputs import CUT_SHORT, LATE, Outputs
from probe.cli.output.sinks import PatientRecorder
from probe.cli.output.terminal import Progress, paint, say, width
from probe.cli.run.signals import terminated_like_ctrl_c
from probe.live import matrix as session
from probe.live.fleet import Fleet
from probe.live.matrix_options import MatrixOptions
from probe.live.worker import Ended, Event, Failed, Found, Going, Job
from probe.reports import as_jsonl, as_matrix_json, as_matrix_text
from probe.reports.as_json import Document
from probe.results.exit_codes import ENVIRONMENT, INTERRUPTED, USAGE, VIOLATED
from probe.results.expectations import fates, marked_matrix
from probe.results.matrix import MatrixReport, MatrixRun, renumbered
from probe.spec.segment import Endpoint
from probe.wire.errors import TargetError, WireError

_BOTH = (4, 6)


@dataclass(frozen=True, slots=True)
class Display:
    """What is written where, and after how many seconds the run ends."""

    reporting: Reporting
    quiet: bool = False
    deadline: float | None = None


@dataclass(slots=True)
class _Outcome:
    """What has been done so far; ``errors`` are sentences with the exit code each calls for."""

    command: str = "matrix"
    runs: list[MatrixRun] = field(default_factory=list)
    errors: list[tuple[str, int]] = field(default_factory=list)
    interrupted: bool = False

    def failed(self, error: WireError | TargetError) -> None:
        """Note a trouble and go on."""
        self.errors.append((str(error), USAGE if isinstance(error, TargetError) else ENVIRONMENT))

    @property
    def sentences(self) -> list[str]:
        """The errors for people."""
        return [sentence for sentence, _ in self.errors]

    def exit_code(self, report: MatrixReport) -> int:
        """A violation outweighs everything, an interruption what went wrong beside it."""
        if report.exit_code == VIOLATED or self.interrupted:
            return VIOLATED if report.exit_code == VIOLATED else INTERRUPTED
        return self.errors[0][1] if self.errors else report.exit_code


def matrix(targets: Collection[str], versions: Collection[int], options: MatrixOptions, display: Display) -> int:
    """Judge the targets, or the embedded lab when there are none; print and write the results; the exit code.

    Raises TargetError or WireError for what makes the whole run pointless.
    """
    aims = [aim for text in targets for aim in resolve(text, versions)]
    outcome, progress = _Outcome(), Progress(quiet=display.quiet, unit="cells")
    with ExitStack() as stack:
        outputs = Outputs(display.reporting, stack)
        comment = f"probe matrix, profile {options.profile}"
        recorder = PatientRecorder(display.reporting.save, comment) if display.reporting.save else None
        until = None if display.deadline is None else time.monotonic() + display.deadline
        chosen = replace(options, recorder=recorder, progress=progress, until=until)
        hands = _Hands(outcome, progress, outputs)
        with terminated_like_ctrl_c():
            try:
                if aims:
                    _run_each(aims, chosen, hands)
                else:
                    _run_lab(versions, chosen, hands)
            except KeyboardInterrupt:
                outcome.interrupted = True
            except (WireError, TargetError) as error:
                outcome.failed(error)
            progress.clear()
            return _publish(outcome, options.profile, display, outputs, recorder)


def _run_lab(versions: Collection[int], options: MatrixOptions, hands: _Hands) -> None:
    """Both versions at the same time, each by a process of its own, which is forked into the lab's namespace."""
    from probe.lab import Lab

    with Lab() as lab:
        wanted = [lab.endpoints[v] for v in sorted(versions or _BOTH) if v in lab.endpoints]
        if not wanted:
            kind = " or ".join(f"IPv{v}" for v in sorted(versions))
            raise WireError(f"this machine has no {kind} loopback address for the lab: switch that version on")
        if len(wanted) == 1:
            _run_each([Aim(wanted[0])], options, hands)
            return
        recorder, bar = options.recorder, FleetProgress(hands.progress, len(wanted), "cell")

        def heard(event: Event) -> None:
            match event:
                case Going(job, done, total):
                    bar.going(job.number, done, total)
                case Failed(job, error):
                    hands.outcome.failed(error)
                    bar.over(job.number, failed=True)
                case Found(job, MatrixRun() as run, packets):
                    base = 0
                    if recorder is not None:
                        base = recorder.count
                        for one in packets:
                            recorder.add(one.packet, one.time, one.comments, sent=one.sent)
                    hands.over(renumbered(run, base))
                    bar.over(job.number, failed=False)
                case Ended(interrupted):
                    hands.outcome.interrupted |= interrupted

        for endpoint in wanted:
            hands.begun(endpoint)
        plain = replace(options, recorder=None, progress=None)
        lanes = [[Job(place, endpoint, matrix=plain)] for place, endpoint in enumerate(wanted)]
        Fleet(lanes, len(lanes), heard, recorded=recorder is not None, ordered=True).run()


@dataclass(frozen=True, slots=True)
class _Hands:
    """What the results of a run are handed to."""

    outcome: _Outcome
    progress: Progress
    outputs: Outputs

    def tell(self, kind: str, *documents: Document) -> None:
        """Write events as lines of JSON; trouble is noted."""
        lines = self.outputs.lines
        if lines is not None:
            try:
                lines.write("".join(as_jsonl.event(kind, "matrix", time.time(), one) for one in documents))
            except WireError as error:
                self.outcome.failed(error)

    def begun(self, target: Endpoint) -> None:
        """A target has its turn."""
        self.tell("begun", {"target": str(target), "ip_version": target.version, "name": ""})

    def over(self, found: MatrixRun) -> None:
        """A run is over: keep it and tell of it."""
        run = marked_matrix(found, self.outputs.expected)
        self.outcome.runs.append(run)
        self.tell("cell", *(as_matrix_json.cell_document(cell, run) for cell in run.cells))
        self.tell("ended", as_matrix_json.run_document(run) | {"trouble": run.trouble})
        if run.trouble:
            self.outcome.failed(WireError(run.trouble))
        elif run.interrupted:
            self.outcome.interrupted = True


def _run_each(aims: list[Aim], options: MatrixOptions, hands: _Hands) -> None:
    for aim in aims:
        hands.begun(aim.endpoint)
        hands.progress.label = str(aim.endpoint)
        here = replace(options, interface=options.interface or aim.interface or None)
        try:
            hands.over(session.matrix(aim.endpoint, here))
        except (WireError, TargetError) as error:
            hands.outcome.failed(error)
        if hands.outcome.interrupted:
            return


def _publish(
    outcome: _Outcome, profile: str, display: Display, outputs: Outputs, recorder: PatientRecorder | None
) -> int:
    """Recording first, as its trouble belongs into the reports; then files; then people."""
    if recorder is not None:
        recorder.close()
        if recorder.trouble is not None:
            outcome.failed(recorder.trouble)
    expected = fates(outputs.expected, (), outcome.runs)
    report = MatrixReport(profile, tuple(outcome.runs), outcome.interrupted, outputs.fail_on, expected)
    outputs.write(MatrixPapers(report), outcome, lambda: outcome.exit_code(report))
    _complain(outcome, report)
    code = outcome.exit_code(report)
    if report.runs and not outputs.stdout_taken:
        style = as_matrix_text.Style(width(), paint(sys.stdout), display.quiet)
        say(as_matrix_text.render(report, style, exit_code=code))
    return code


def _complain(outcome: _Outcome, report: MatrixReport) -> None:
    for warning in (w for run in report.runs for w in run.warnings):
        click.echo(f"probe: {warning}", err=True)
    for sentence, _ in outcome.errors:
        click.echo(f"probe: {sentence}", err=True)
    if any(run.late for run in report.runs):
        click.echo(f"probe: {LATE}", err=True)
    if outcome.interrupted:
        click.echo(f"probe: {CUT_SHORT}", err=True)
