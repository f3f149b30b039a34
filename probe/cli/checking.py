"""Runs a check: one target after another, every result kept whatever happens, reported at the end."""

from __future__ import annotations

import sys
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

import click

from probe import session
from probe.cli.codes import ENVIRONMENT, INTERRUPTED, USAGE, VIOLATED
from probe.cli.signals import terminated_like_ctrl_c
from probe.cli.sinks import JsonSink, PatientRecorder
from probe.cli.targets import Aim, resolve
from probe.cli.terminal import Progress, paint, say, width
from probe.engine.verdict import Report, Run
from probe.reports import as_json, as_text
from probe.session.marks import section_comment
from probe.wire.errors import TargetError, WireError

_CHECKABLE = (4, 6)


@dataclass(frozen=True, slots=True)
class Display:
    """What is printed and written: ladders of ``show``, JSON to ``json_to`` (``-``: stdout), packets to ``save``."""

    show: frozenset[str] = frozenset()
    json_to: str | None = None
    save: str | None = None
    quiet: bool = False


@dataclass(slots=True)
class Outcome:
    """What a command has done so far; ``errors`` are sentences with the exit code each calls for."""

    command: str = "check"
    runs: list[Run] = field(default_factory=list)
    errors: list[tuple[str, int]] = field(default_factory=list)
    interrupted: bool = False

    def failed(self, error: WireError | TargetError) -> None:
        """Note a trouble and go on."""
        self.errors.append((str(error), USAGE if isinstance(error, TargetError) else ENVIRONMENT))

    def add(self, run: Run) -> None:
        """Take a run in; one that ended early says why."""
        self.runs.append(run)
        if run.trouble:
            self.failed(WireError(run.trouble))
        elif run.interrupted:
            self.interrupted = True

    def report(self, profile: str) -> Report:
        """What the reports are made of."""
        return Report(self.command, profile, tuple(self.runs), self.interrupted)

    def exit_code(self, report: Report) -> int:
        """A violation outweighs everything, an interruption what went wrong beside it."""
        code = report.exit_code
        if code == VIOLATED or self.interrupted:
            return code if code == VIOLATED else INTERRUPTED
        return self.errors[0][1] if self.errors else code


def check(targets: Collection[str], versions: Collection[int], options: session.CheckOptions, display: Display) -> int:
    """Check the targets, or the embedded lab when there are none; print and write the results; the exit code.

    Raises TargetError or WireError for what makes the whole run pointless: a target that cannot be found, a file
    that cannot be written.
    """
    aims = [aim for text in targets for aim in resolve(text, versions)]
    outcome, progress = Outcome(), Progress(quiet=display.quiet)
    with ExitStack() as stack:
        sink = JsonSink(display.json_to) if display.json_to else None
        if sink is not None:
            stack.callback(sink.close)
        comment = section_comment("check", options.profile)
        recorder = PatientRecorder(display.save, comment) if display.save else None
        with terminated_like_ctrl_c():
            try:
                _run_all(aims, versions, replace(options, recorder=recorder, progress=progress), outcome, progress)
            except KeyboardInterrupt:
                outcome.interrupted = True
            progress.clear()
            return publish(outcome, options.profile, display, sink, recorder)


def _run_all(
    aims: list[Aim],
    versions: Collection[int],
    options: session.CheckOptions,
    outcome: Outcome,
    progress: Progress,
) -> None:
    if aims:
        _run_each(aims, options, outcome, progress)
        return
    from probe.lab import Lab

    try:
        with Lab() as lab:
            wanted = [Aim(lab.endpoints[v]) for v in sorted(versions or _CHECKABLE) if v in lab.endpoints]
            if not wanted:
                kind = " or ".join(f"IPv{v}" for v in sorted(versions))
                raise WireError(f"this machine has no {kind} loopback address for the lab: switch that version on")
            _run_each(wanted, options, outcome, progress)
    except (WireError, TargetError) as error:
        outcome.failed(error)


def _run_each(aims: list[Aim], options: session.CheckOptions, outcome: Outcome, progress: Progress) -> None:
    for aim in aims:
        progress.label = str(aim.endpoint)
        here = replace(options, interface=options.interface or aim.interface or None)
        try:
            run = session.check(aim.endpoint, here)
        except (WireError, TargetError) as error:
            outcome.failed(error)
            continue
        outcome.add(run)
        if outcome.interrupted:
            return


# -- results out -------------------------------------------------------------------------------------------------------


def publish(
    outcome: Outcome, profile: str, display: Display, sink: JsonSink | None, recorder: PatientRecorder | None
) -> int:
    """Write and print what was found; the exit code.

    Recording first, as its trouble belongs into the reports; then JSON; then people.
    """
    if recorder is not None:
        recorder.close()
        if recorder.trouble is not None:
            outcome.failed(recorder.trouble)
    report = outcome.report(profile)
    if sink is not None:
        try:
            sink.write(_json(outcome, report))
        except WireError as error:
            outcome.failed(error)
    _complain(outcome, report)
    code = outcome.exit_code(report)
    if report.runs and not (sink is not None and sink.to_stdout):
        style = as_text.Style(width(), paint(sys.stdout), display.quiet)
        say(as_text.render(report, style, exit_code=code, shown=lambda result: result.id in display.show))
    return code


def _json(outcome: Outcome, report: Report) -> str:
    return as_json.render(
        report, exit_code=outcome.exit_code(report), errors=[sentence for sentence, _ in outcome.errors]
    )


def _complain(outcome: Outcome, report: Report) -> None:
    for warning in (*report.warnings, *(w for run in report.runs for w in run.warnings)):
        click.echo(f"probe: {warning}", err=True)
    for sentence, _ in outcome.errors:
        click.echo(f"probe: {sentence}", err=True)
    if outcome.interrupted:
        click.echo("probe: interrupted; what was done until then is reported", err=True)
