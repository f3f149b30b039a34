"""`probe path`: options to a plan; what is looked at and printed is in ``probe.cli.run.path``."""

from __future__ import annotations

from typing import Any

import click

from probe.cli.options import common
from probe.cli.options.namespaces import in_namespace, watch
from probe.cli.options.reporting import Reporting, reporting


@click.command("path")
@click.argument("target", metavar="TARGET")
@common.versions
@common.profile
@common.line
@common.deadline
@reporting
@common.quiet
@in_namespace
def command(
    target: str,
    versions: frozenset[int],
    deadline: float | None,
    quiet: bool,
    reporting: Reporting,
    **plain: Any,  # noqa: ANN401  # options that CheckOptions has under the same name
) -> int:
    """Show what stands between us and TARGET, each suspect with what speaks for and against it.

    A stateful filter, address translation, SYN cookies, deferred accept, ICMP errors, loss: a few exchanges tell them
    apart. Where segments vanish and routers lie on the way, the last router that still had such a segment is named.
    """
    from probe.cli.run.outcome import Display
    from probe.cli.run.path import path
    from probe.live.options import CheckOptions

    if unfit := [option for option in common.used().values() if option in ("--expect", "--write-expect")]:
        raise click.UsageError(f"{unfit[0]} is not for a path: use `probe check`, which tells rule by rule")
    options = CheckOptions(watch=watch(), until=common.moment(deadline), **plain)
    return path(target, versions, options, Display(reporting, quiet))
