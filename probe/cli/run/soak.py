"""Runs `probe soak`: a progress line and a line of JSON a second while it lasts, the report at its end."""

from __future__ import annotations

import time
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import replace

from probe.cli.options.targets import Peer, resolve_one
from probe.cli.run.frame import lab_endpoints, opened
from probe.cli.run.outcome import Display, Outcome
from probe.live import soak as live
from probe.live.options import SoakOptions
from probe.recording.sections import section_comment
from probe.reports.builders import soak as builder
from probe.results.soak import SoakResult
from probe.wire.errors import WireError


def soak(target: str | None, versions: Collection[int], options: SoakOptions, display: Display) -> int:
    """Play one exchange again and again, print and write what came of it; the exit code.

    Without ``target`` the embedded lab is the peer. Raises TargetError or WireError where it cannot begin.
    """
    peer = resolve_one(target, versions) if target is not None else None
    with ExitStack() as exits:
        frame = exits.enter_context(opened(Outcome("soak"), display, section_comment("soak", options.profile)))
        results: list[SoakResult] = []
        with frame.playing():
            if peer is None:
                from probe.lab import Lab

                lab = exits.enter_context(Lab())
                peer = Peer(lab_endpoints(lab.endpoints, versions)[0])
            interface = options.interface or peer.interface or None
            began = time.monotonic()

            def told(result: SoakResult) -> None:
                shares = [(time.monotonic() - began) / options.seconds] if options.seconds else []
                shares += [result.exchanges / options.count] if options.count else []
                frame.progress.show(builder.progress_text(result, max(shares, default=None)))
                frame.teller.tell("counts", lambda: [builder.counts(result)])

            frame.teller.begun(0, str(peer.endpoint), peer.endpoint.version)
            wired = replace(options, interface=interface, recorder=frame.recorder, told=told)
            results.append(live.soak(peer.endpoint, wired))
        outcome = frame.outcome
        if not results:
            outcome.complain()
            return outcome.exit_code()
        found = results[0]
        if found.trouble:
            outcome.failed(WireError(found.trouble))
        outcome.interrupted |= found.interrupted and not found.trouble
        document = builder.document(found, outcome.fail_on)
        return frame.publish(document, found.exit_code(outcome.fail_on), None, found.warnings)
