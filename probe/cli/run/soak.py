"""Runs `probe soak`: a progress line and a line of JSON a second while it lasts, the report at its end."""

from __future__ import annotations

import sys
import time
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import replace

from probe.cli.options.targets import Peer, resolve
from probe.cli.output.terminal import paint, say, width
from probe.cli.run.check import lab_endpoints
from probe.cli.run.frame import Frame, opened
from probe.cli.run.outcome import Display, Outcome
from probe.live import soak as live
from probe.live.options import SoakOptions
from probe.recording.metadata import section_comment
from probe.reports import as_jsonl, as_soak
from probe.reports.as_json import Document
from probe.reports.as_text import Style
from probe.results.exit_codes import ExitCode
from probe.results.soak import SoakResult
from probe.wire.errors import TargetError, WireError


def soak(target: str | None, versions: Collection[int], options: SoakOptions, display: Display) -> int:
    """Play one exchange again and again, print and write what came of it; the exit code.

    Without ``target`` the embedded lab is the peer. Raises TargetError or WireError where it cannot begin.
    """
    peers = resolve(target, versions) if target is not None else []
    if len(peers) > 1:
        both = " and ".join(str(peer.endpoint) for peer in peers)
        raise TargetError(f"{target} has two addresses, {both}: choose one with -4 or -6")
    with ExitStack() as exits:
        frame = exits.enter_context(opened(Outcome("soak"), display, section_comment("soak", options.profile)))
        found: SoakResult | None = None
        with frame.playing():
            if not peers:
                from probe.lab import Lab

                lab = exits.enter_context(Lab())
                peers = [Peer(lab_endpoints(lab.endpoints, versions)[0])]
            interface = options.interface or peers[0].interface or None
            found = _played(frame, peers[0], replace(options, interface=interface))
        frame.progress.clear()
        return _publish(frame, found)


def _played(frame: Frame, peer: Peer, options: SoakOptions) -> SoakResult:
    """Tell of it once a second while it lasts."""
    endpoint = peer.endpoint
    began = time.monotonic()

    def told(result: SoakResult) -> None:
        shares = [(time.monotonic() - began) / options.seconds] if options.seconds else []
        shares += [result.exchanges / options.count] if options.count else []
        frame.progress.show(as_soak.progress_text(result, max(shares, default=None)))
        _tell(frame, "counts", as_soak.counts(result))

    _tell(frame, "begun", {"target": str(endpoint), "ip_version": endpoint.version, "name": ""})
    return live.soak(endpoint, replace(options, recorder=frame.recorder, told=told))


def _tell(frame: Frame, kind: str, body: Document) -> None:
    if (lines := frame.outputs.lines) is not None:
        frame.outcome.attempt(lambda: lines.write(as_jsonl.event(kind, "soak", time.time(), body)))


def _publish(frame: Frame, found: SoakResult | None) -> int:
    """Recording first, as its trouble belongs into the reports; then files; then people."""
    outcome, outputs, recorder = frame.outcome, frame.outputs, frame.recorder
    if recorder is not None:
        recorder.close()
        if recorder.trouble is not None:
            outcome.failed(recorder.trouble)
    if found is None:
        outcome.complain()
        return outcome.exit_code()
    if found.trouble:
        outcome.failed(WireError(found.trouble))
    outcome.interrupted |= found.interrupted and not found.trouble

    def code() -> ExitCode:
        return outcome.exit_code(found.exit_code(outcome.fail_on))

    outputs.write(as_soak.SoakPapers(found, outcome.fail_on), outcome, code)
    outcome.complain(found.warnings)
    if not outputs.stdout_taken:
        style = Style(width(), paint(sys.stdout), frame.display.quiet)
        say(as_soak.render(found, style, exit_code=code()))
    return code()
