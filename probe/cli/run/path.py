"""Runs `probe path`: the suspects of one path, printed and written."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from probe.cli.options.targets import resolve_one
from probe.cli.run.frame import opened
from probe.cli.run.outcome import Display, Outcome
from probe.live import path as live
from probe.live.options import CheckOptions
from probe.recording.sections import section_comment
from probe.reports.builders import path as builder
from probe.results.path_run import PathRun
from probe.wire.errors import WireError


def path(target: str, versions: Collection[int], options: CheckOptions, display: Display) -> int:
    """Look at the path to ``target``, print and write what was found; the exit code.

    Raises TargetError or WireError where it cannot begin.
    """
    peer = resolve_one(target, versions)
    with opened(Outcome("path"), display, section_comment("path", options.profile)) as frame:
        found: list[PathRun] = []
        with frame.playing():
            wired = replace(
                options,
                interface=options.interface or peer.interface or None,
                recorder=frame.recorder,
                progress=frame.progress,
            )
            frame.teller.begun(0, str(peer.endpoint), peer.endpoint.version)
            found.append(live.path(peer.endpoint, wired))
        outcome = frame.outcome
        if not found:
            outcome.complain()
            return outcome.exit_code()
        run = found[0]
        if run.trouble:
            outcome.failed(WireError(run.trouble))
        outcome.interrupted |= run.interrupted
        return frame.publish(builder.document(run), run.exit_code, None, run.warnings)
