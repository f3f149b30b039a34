"""`probe replay --live`: one captured connection re-enacted against a live target; prints and writes the result."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack

import click

from probe.cli.codes import INTERRUPTED, VIOLATED
from probe.cli.signals import terminated_like_ctrl_c
from probe.cli.sinks import DocumentSink
from probe.cli.targets import resolve
from probe.cli.terminal import paint, say, width
from probe.engine.verdict import Report
from probe.reports import as_json, as_live_replay
from probe.reports.as_text import Style
from probe.session.live_replay import LiveOptions, replay_live
from probe.wire.errors import TargetError

DEFAULT_PROFILE = "rfc9293"


def run(
    target: str,
    files: Sequence[str],
    *,
    connection: int | None = None,
    profile: str | None = None,
    json_to: str | None = None,
    quiet: bool = False,
) -> int:
    """Re-enact connection ``connection`` of the one file (None: the first whose SYN was captured); the exit code.

    Raises TargetError or WireError with one sentence.
    """
    if len(files) != 1:
        raise TargetError(f"--live re-enacts one connection of one file, not of {len(files)}: name the file")
    aims = resolve(target)
    if len(aims) > 1:
        both = " and ".join(str(aim.endpoint) for aim in aims)
        raise TargetError(f"{target} has two addresses, {both}: give --live one of them")
    profile = profile or DEFAULT_PROFILE
    options = LiveOptions(files[0], connection, profile, interface=aims[0].interface or None)
    with ExitStack() as stack:
        sink = DocumentSink(json_to) if json_to else None
        if sink is not None:
            stack.callback(sink.close)
        with terminated_like_ctrl_c():
            found = replay_live(aims[0].endpoint, options)
        report = Report("replay", profile, (found,), found.interrupted)
        code = INTERRUPTED if found.interrupted and report.exit_code != VIOLATED else report.exit_code
        if sink is not None:
            sink.write(as_json.render(report, exit_code=code))
        for warning in found.warnings:
            click.echo(f"probe: {warning}", err=True)
        if found.interrupted:
            click.echo("probe: interrupted; what was done until then is reported", err=True)
        if sink is None or not sink.to_stdout:
            say(as_live_replay.render(report, Style(width(), paint(sys.stdout), quiet), exit_code=code))
    return code
