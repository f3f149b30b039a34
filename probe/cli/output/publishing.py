"""Writes and prints what a command found: recording, JSON, warnings and errors, the report."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Protocol

import click

from probe.cli.output.check_formats import CheckPapers
from probe.cli.output.outputs import Outputs
from probe.cli.output.sinks import PatientRecorder
from probe.cli.output.terminal import paint, say, width
from probe.cli.run.outcome import Checked, Display
from probe.reports import as_text
from probe.results.verdict import ExchangeResult, Report
from probe.wire.errors import WireError


class Render(Protocol):
    """How a report becomes text: ``probe.reports.as_text.render`` or one like it."""

    def __call__(
        self,
        report: Report,
        style: as_text.Style | None = None,
        *,
        exit_code: int | None = None,
        shown: Callable[[ExchangeResult], bool] = ...,
    ) -> str:
        """The text, ending in a line feed."""


def publish(
    outcome: Checked,
    profile: str,
    display: Display,
    outputs: Outputs,
    recorder: PatientRecorder | None,
    render: Render = as_text.render,
) -> int:
    """Write and print what was found; the exit code.

    Recording first, as its trouble belongs into the reports; then files; then people.
    """
    if recorder is not None:
        recorder.close()
        if recorder.trouble is not None:
            outcome.failed(recorder.trouble)
    report = outcome.report(profile)
    outputs.write(CheckPapers(report), outcome, lambda: outcome.exit_code(report.exit_code))
    outcome.complain((*report.warnings, *(w for run in report.runs for w in run.warnings)))
    code = outcome.exit_code(report.exit_code)
    told = report.runs or (report.unchecked and render is not as_text.render)
    if told and not outputs.stdout_taken:
        style = as_text.Style(width(), paint(sys.stdout), display.quiet)
        try:
            say(render(report, style, exit_code=code, shown=lambda result: result.id in display.show))
        except WireError as error:
            outcome.failed(error)
            click.echo(f"probe: {error}", err=True)
    return outcome.exit_code(report.exit_code)
