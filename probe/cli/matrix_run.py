"""Runs matrices: one target after another, every result kept whatever happens, reported at the end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

import click

from probe.cli.codes import ENVIRONMENT, INTERRUPTED, USAGE, VIOLATED
from probe.cli.signals import terminated_like_ctrl_c
from probe.cli.sinks import JsonSink, PatientRecorder
from probe.cli.targets import Aim, resolve
from probe.cli.terminal import Progress, paint, say, width
from probe.engine.grid import MatrixReport, MatrixRun
from probe.reports import as_matrix_json, as_matrix_text
from probe.session import matrix as session
from probe.session.matrix_options import MatrixOptions
from probe.wire.errors import TargetError, WireError

_BOTH = (4, 6)


@dataclass(frozen=True, slots=True)
class Display:
    """What is written where: JSON to ``json_to`` (``-``: stdout), packets to ``save``."""

    json_to: str | None = None
    save: str | None = None
    quiet: bool = False


@dataclass(slots=True)
class _Outcome:
    """What has been done so far; ``errors`` are sentences with the exit code each calls for."""

    runs: list[MatrixRun] = field(default_factory=list)
    errors: list[tuple[str, int]] = field(default_factory=list)
    interrupted: bool = False

    def failed(self, error: WireError | TargetError) -> None:
        """Note a trouble and go on."""
        self.errors.append((str(error), USAGE if isinstance(error, TargetError) else ENVIRONMENT))

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
        sink = JsonSink(display.json_to) if display.json_to else None
        if sink is not None:
            stack.callback(sink.close)
        comment = f"probe matrix, profile {options.profile}"
        recorder = PatientRecorder(display.save, comment) if display.save else None
        chosen = replace(options, recorder=recorder, progress=progress)
        with terminated_like_ctrl_c():
            try:
                _run_all(aims, versions, lambda some: _run_each(some, chosen, outcome, progress))
            except KeyboardInterrupt:
                outcome.interrupted = True
            except (WireError, TargetError) as error:
                outcome.failed(error)
            progress.clear()
            return _publish(outcome, options.profile, display, sink, recorder)


def _run_all(aims: list[Aim], versions: Collection[int], run: Callable[[list[Aim]], None]) -> None:
    if aims:
        run(aims)
        return
    from probe.lab import Lab

    with Lab() as lab:
        wanted = [Aim(lab.endpoints[v]) for v in sorted(versions or _BOTH) if v in lab.endpoints]
        if not wanted:
            kind = " or ".join(f"IPv{v}" for v in sorted(versions))
            raise WireError(f"this machine has no {kind} loopback address for the lab: switch that version on")
        run(wanted)


def _run_each(aims: list[Aim], options: MatrixOptions, outcome: _Outcome, progress: Progress) -> None:
    for aim in aims:
        progress.label = str(aim.endpoint)
        here = replace(options, interface=options.interface or aim.interface or None)
        try:
            run = session.matrix(aim.endpoint, here)
        except (WireError, TargetError) as error:
            outcome.failed(error)
            continue
        outcome.runs.append(run)
        if run.trouble:
            outcome.failed(WireError(run.trouble))
        elif run.interrupted:
            outcome.interrupted = True
            return


def _publish(
    outcome: _Outcome, profile: str, display: Display, sink: JsonSink | None, recorder: PatientRecorder | None
) -> int:
    """Recording first, as its trouble belongs into the reports; then JSON; then people."""
    if recorder is not None:
        recorder.close()
        if recorder.trouble is not None:
            outcome.failed(recorder.trouble)
    report = MatrixReport(profile, tuple(outcome.runs), outcome.interrupted)
    if sink is not None:
        errors = [sentence for sentence, _ in outcome.errors]
        try:
            sink.write(as_matrix_json.render(report, exit_code=outcome.exit_code(report), errors=errors))
        except WireError as error:
            outcome.failed(error)
    _complain(outcome, report)
    code = outcome.exit_code(report)
    if report.runs and not (sink is not None and sink.to_stdout):
        style = as_matrix_text.Style(width(), paint(sys.stdout), display.quiet)
        say(as_matrix_text.render(report, style, exit_code=code))
    return code


def _complain(outcome: _Outcome, report: MatrixReport) -> None:
    for warning in (w for run in report.runs for w in run.warnings):
        click.echo(f"probe: {warning}", err=True)
    for sentence, _ in outcome.errors:
        click.echo(f"probe: {sentence}", err=True)
    if outcome.interrupted:
        click.echo("probe: interrupted; what was done until then is reported", err=True)
