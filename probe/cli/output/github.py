"""GitHub Actions: annotations in the log, and the summary of the step, where the runner says that it is there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import click

from probe.cli.output.terminal import say
from probe.reports.document import Alert
from probe.wire.rights import give_to_caller

LIMIT = 1024 * 1024
"""A step's summary holds 1 MiB; one that is longer is not shown at all."""


def annotate(render: Callable[[], str], *, stdout_taken: bool) -> None:
    """Print workflow commands under GitHub Actions; the runner reads standard error just as well."""
    lines = render() if os.environ.get("GITHUB_ACTIONS") == "true" else ""
    if not lines:
        return
    if stdout_taken:
        click.echo(lines, nl=False, err=True)
    else:
        say(lines)


def trouble(sentence: str) -> None:
    """Annotate what ended a run before there was anything to report."""
    from probe.reports.formats import actions

    annotate(lambda: actions.written([Alert(True, "probe", sentence)]), stdout_taken=True)


def summarize(render: Callable[[int], str]) -> None:
    """Append to the step's summary what ``render`` makes for the room that is left. Trouble is told, no more."""
    where = os.environ.get("GITHUB_STEP_SUMMARY")
    if not where:
        return
    path = Path(where)
    try:
        taken = path.stat().st_size if path.exists() else 0
        text = render(max(0, LIMIT - taken - 1))
        with path.open("a", encoding="utf-8") as file:
            give_to_caller(file.fileno())
            file.write(text + "\n" if text else "")
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        click.echo(f"probe: cannot write the step summary {where} ({reason}); --markdown FILE has the same", err=True)
