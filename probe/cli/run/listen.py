"""Runs `probe listen`: says what it waits for, reports what it judged."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import click

from probe.cli.options.targets import literal_version, resolve_one
from probe.cli.run.frame import opened
from probe.cli.run.outcome import Checked, Display
from probe.live.listen import listen as run_listen
from probe.live.options import ListenOptions
from probe.recording.sections import section_comment
from probe.reports.builders import check as builder
from probe.wire.addresses import canonical
from probe.wire.errors import TargetError


def listen(port: int, ask: str | None, options: ListenOptions, display: Display) -> int:
    """Listen, print and write the results; the exit code. Raises TargetError or WireError where it cannot begin."""
    if options.client and not literal_version(options.client):
        raise TargetError(f"{options.client!r} is no address: give the client's IPv4 or IPv6 address")
    for option, address in (("--source", options.source), ("--from", options.client)):
        if address and (version := literal_version(address)) and version not in options.versions:
            raise TargetError(f"{option} {address} is an IPv{version} address: leave out -{options.versions[0]}")
    options = replace(options, client=canonical(options.client)[0] if options.client else "")
    if ask:
        target = resolve_one(ask, options.versions)
        versions, interface = (target.endpoint.version,), options.interface or target.interface or None
        options = replace(options, ask=target.endpoint, versions=versions, interface=interface)
    outcome = Checked("listen")
    with opened(outcome, display, section_comment("listen", options.profile)) as frame:
        tell = None if display.quiet else lambda sentence: click.echo(f"probe: {sentence}", err=True)
        told = partial(frame.teller.exchange, 0)
        frame.teller.begun(0, f"port {port}", 0)
        with frame.playing():
            outcome.add(run_listen(port, replace(options, recorder=frame.recorder, tell=tell, told=told)))
            frame.teller.ended(0, outcome.runs[0])
        return frame.report(
            outcome, options.profile, partial(builder.document, show=display.shows, why=display.explains)
        )
