"""`probe doctor`: a table of what probing needs, whether it works here, and the command that mends it."""

from __future__ import annotations

import sys

import click


@click.command("doctor")
@click.argument("target", required=False, metavar="[TARGET]")
@click.option("--interface", metavar="NAME", help="The interface to probe TARGET through.")
def command(target: str | None, interface: str | None) -> int:
    """Show what works on this machine, what is missing and the command that mends it; with TARGET, the way to it.

    Exit code 0 where probing works (directly, or in the lab's private namespace), otherwise 4.
    """
    from probe.cli.options.targets import resolve
    from probe.cli.output.terminal import paint, say, width
    from probe.cli.run.doctor import diagnose
    from probe.reports.table import table
    from probe.results.exit_codes import ExitCode

    peers = resolve(target) if target else []
    findings, works, answer = diagnose(peers, interface)
    colour = paint(sys.stdout)
    rows = [(f.what, colour.word(f.state), f.detail) for f in findings]
    say(table(("check", "state", "detail"), rows, width()) + "\n")
    mends = {f.mend: f.what for f in reversed(findings) if f.mend}
    for mend, what in reversed(mends.items()):
        say(f"\nto mend {what}:\n  {mend}\n")
    say(f"\nprobe: {answer}\n")
    return 0 if works else ExitCode.ENVIRONMENT
