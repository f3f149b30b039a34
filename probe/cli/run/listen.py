"""Runs `probe listen`: says what it waits for, reports what it judged."""

from __future__ import annotations

import ipaddress
from contextlib import ExitStack
from dataclasses import replace

import click

from probe.cli.options.targets import resolve
from probe.cli.output.events import Teller
from probe.cli.output.outputs import Outputs
from probe.cli.output.publishing import Display, publish
from probe.cli.output.sinks import PatientRecorder
from probe.cli.run.outcome import Outcome
from probe.cli.run.signals import terminated_like_ctrl_c
from probe.live.listen import ListenOptions
from probe.live.listen import listen as run_listen
from probe.recording.metadata import section_comment
from probe.wire.addresses import canonical
from probe.wire.errors import TargetError, WireError


def listen(port: int, ask: str | None, options: ListenOptions, display: Display) -> int:
    """Listen, print and write the results; the exit code. Raises TargetError or WireError where it cannot begin."""
    plan = _with_addresses(ask, options)
    wanted = display.reporting
    with ExitStack() as stack:
        outputs = Outputs(wanted, stack)
        recorder = PatientRecorder(wanted.save, section_comment("listen", plan.profile)) if wanted.save else None
        outcome = Outcome("listen", outputs.expected, outputs.fail_on)
        teller = Teller(outputs.lines, outcome, outputs.expected)
        tell = None if display.quiet else _tell
        teller.begun(0, f"port {port}", 0)
        options = replace(plan, recorder=recorder, tell=tell, told=lambda result: teller.exchange(0, result))
        with terminated_like_ctrl_c():
            try:
                outcome.add(run_listen(port, options))
                teller.ended(0, outcome.runs[0])
            except KeyboardInterrupt:
                outcome.interrupted = True
            except WireError as error:
                outcome.failed(error)
            return publish(outcome, plan.profile, display, outputs, recorder)


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
