"""`probe doctor`: a table of what probing needs, whether it works here, and the command that mends it."""

from __future__ import annotations

import sys

import click

from probe.cli.options import common


@click.command("doctor")
@click.argument("target", required=False, metavar="[TARGET]")
@click.option("--interface", metavar="NAME", help="The interface to probe TARGET through.")
@click.option("--closed-port", type=common.PORT, metavar="PORT", help="A port of TARGET where nothing listens.")
@click.option("--patience", type=common.PATIENCE, metavar="SECONDS", help="How long a reply may take.")
def command(target: str | None, interface: str | None, closed_port: int | None, patience: float | None) -> int:
    """Show what works on this machine, what is missing and the command that mends it.

    With TARGET also the way to it, what it answers to a SYN, how its application is brought to close, and which of
    its ports refuses.

    Exit code 0 where probing works (directly, or in the lab's private namespace), 3 where TARGET gives no connection,
    otherwise 4.
    """
    from probe.cli.options.targets import resolve
    from probe.cli.output.terminal import paint, say, width
    from probe.cli.run.doctor import diagnose
    from probe.live.options import CheckOptions
    from probe.reports.table import table

    peers = resolve(target) if target else []
    options = CheckOptions(interface=interface, closed_port=closed_port, patience=patience)
    findings, code, answer = diagnose(peers, options)
    colour = paint(sys.stdout)
    rows = [(f.what, colour.word(f.state), f.detail) for f in findings]
    say(table(("check", "state", "detail"), rows, width()) + "\n")
    mends = {f.mend: f.what for f in reversed(findings) if f.mend}
    for mend, what in reversed(mends.items()):
        say(f"\nto mend {what}:\n  {mend}\n")
    say(f"\nprobe: {answer}\n")
    return code
