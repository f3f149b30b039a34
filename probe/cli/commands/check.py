"""`probe check`: options to a plan; what is judged and printed is in ``probe.cli.run.check``."""

from __future__ import annotations

from typing import Any

import click

from probe.cli.options import common
from probe.cli.options.namespaces import in_namespace, watch
from probe.cli.options.reporting import Reporting, reporting


@click.command("check")
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@common.versions
@common.profile
@common.trigger(
    "auto|none|wait|hold|http|target|LINE",
    "How the peer's application is brought to close first: found out (auto), not at all, by itself (wait; hold: never,"
    " not even when we have), by an HTTP/1.0 request, the commands of `probe target`, or a line such as 'QUIT\\r\\n'.",
)
@click.option("--only", multiple=True, metavar="ID", help="Only this exchange (* and ? allowed); repeatable.")
@common.skip("ID", "this exchange")
@click.option("--no-wait", is_flag=True, help="Leave out exchanges that wait for a timer of the peer.")
@click.option("--slow", is_flag=True, help="Add the exchanges that wait for minutes (2MSL, R2), all at the same time.")
@common.line
@common.deadline
@reporting
@common.show
@common.why()
@click.option("--hosts", metavar="FILE.toml", help="Check the hosts listed there, too.")
@click.option("--jobs", type=click.IntRange(1, 256), default=8, show_default=True, help="So many hosts at a time.")
@common.revive
@common.parallel(1000, 5, "one host")
@common.rate(" that one host sees")
@common.quiet
@in_namespace
def command(  # noqa: PLR0913, PLR0917  # one parameter an option
    targets: tuple[str, ...],
    versions: frozenset[int],
    only: tuple[str, ...],
    skip: tuple[str, ...],
    no_wait: bool,
    show: tuple[str, ...],
    why: tuple[str, ...],
    deadline: float | None,
    quiet: bool,
    hosts: str | None,
    jobs: int,
    rate: float | None,
    reporting: Reporting,
    **plain: Any,  # noqa: ANN401  # options that CheckOptions has under the same name
) -> int:
    """Judge how TARGET opens and closes connections: host:port, [v6]:port or name:port; a service may name the port.

    Several targets, and those of a file of hosts, are checked side by side and reported in one table.

    Without TARGET the kernel of this machine is judged, in a private network namespace with `probe target` in it;
    that needs neither root nor configuration. Checking another host needs the capability CAP_NET_RAW.
    """
    from probe.cli.options.hosts import read
    from probe.cli.run import check as run
    from probe.cli.run import plan
    from probe.cli.run.outcome import Display, Request
    from probe.live.options import CheckOptions
    from probe.scenarios import ALL

    kept, left_out = _chosen(only, skip, no_wait=no_wait, slow=plain["slow"])
    options = CheckOptions(
        only=kept, skip=left_out, waits=not no_wait, watch=watch(), until=common.moment(deadline), **plain
    )
    wanted = [*plan.given(targets), *(read(hosts) if hosts is not None else [])]
    said = common.used()
    explicit = {key: value for key, value in {"rate": rate, "skip": left_out, **plain}.items() if key in said}
    request = Request(wanted, versions, options, explicit, jobs)
    return run.check(request, Display(reporting, quiet, *common.shown(show, why, list(ALL))))


def _chosen(
    only: tuple[str, ...], skip: tuple[str, ...], *, no_wait: bool, slow: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The exchanges of --only and those of --skip; a usage error where nothing is left of the former."""
    from probe.scenarios import ALL

    # A pattern of --only does not reach the slow ones without --slow.
    named = common.chosen(only, list(ALL), "--only")
    named = tuple(name for name in named if slow or not ALL[name].slow or name in only)
    kept = tuple(name for name in named if not (no_wait and ALL[name].waits))
    if named and not kept:
        raise click.UsageError(f"--no-wait leaves nothing of --only: {', '.join(named)} waits for a timer of the peer")
    left_out = common.chosen(skip, list(ALL), "--skip")
    if kept and set(kept) <= set(left_out):
        raise click.UsageError(f"--skip leaves nothing of --only: {', '.join(kept)}")
    return kept, left_out
