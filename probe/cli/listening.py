"""Runs `probe listen`: says what it waits for, reports what it judged."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

import click

from probe.cli.check_outcome import Outcome
from probe.cli.publishing import Display, publish
from probe.cli.signals import terminated_like_ctrl_c
from probe.cli.sinks import JsonSink, PatientRecorder
from probe.cli.targets import resolve
from probe.session.listen import ListenOptions
from probe.session.listen import listen as run_listen
from probe.session.marks import section_comment
from probe.wire.addresses import canonical
from probe.wire.errors import TargetError, WireError


def listen(port: int, ask: str | None, options: ListenOptions, display: Display) -> int:
    """Listen, print and write the results; the exit code. Raises TargetError or WireError where it cannot begin."""
    plan = _with_addresses(ask, options)
    sink = JsonSink(display.json_to) if display.json_to else None
    try:
        comment = section_comment("listen", plan.profile)
        recorder = PatientRecorder(display.save, comment) if display.save else None
        outcome = Outcome("listen")
        with terminated_like_ctrl_c():
            try:
                run = run_listen(port, replace(plan, recorder=recorder, tell=None if display.quiet else _tell))
                outcome.add(run)
            except KeyboardInterrupt:
                outcome.interrupted = True
            except WireError as error:
                outcome.failed(error)
            return publish(outcome, plan.profile, display, sink, recorder)
    finally:
        if sink is not None:
            sink.close()


def _tell(sentence: str) -> None:
    click.echo(f"probe: {sentence}", err=True)


def _with_addresses(ask: str | None, options: ListenOptions) -> ListenOptions:
    """The options with the target to ask resolved and the client's address in its usual form."""
    changed = options
    if options.client:
        try:
            ipaddress.ip_address(options.client.partition("%")[0])
        except ValueError:
            raise TargetError(f"{options.client!r} is no address: give the client's IPv4 or IPv6 address") from None
        changed = replace(changed, client=canonical(options.client)[0])
    if ask:
        aims = resolve(ask, options.versions)
        if len(aims) > 1:
            raise TargetError(f"{ask} has an address of either version: choose one with -4 or -6")
        changed = replace(
            changed,
            ask=aims[0].endpoint,
            versions=(aims[0].endpoint.version,),
            interface=options.interface or aims[0].interface or None,
        )
    return changed
