"""`probe replay`: options to a request; what is read and printed is in ``probe.cli.run.replay``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import click

from probe.cli.options import common
from probe.cli.options.filters import OPTION, parse
from probe.cli.options.reporting import TROUBLE, Reporting, reporting
from probe.spec.reaction import PROFILES

if TYPE_CHECKING:
    from probe.cli.run.outcome import Display

_SHOWN = re.compile(r"(?:(?P<file>.+):)?(?P<index>\d{1,18})", re.DOTALL)
_HELPS = {
    "--jsonl": "Write each connection as a line of JSON as soon as it is judged, at last a summary; - as above.",
    "--junit": "Write JUnit XML, as Jenkins and GitLab read it, with the connections that --limit lists.",
    "--markdown": "Write a summary with the connections that --limit lists and a ladder of those that failed.",
    "--save": "With --live: write every packet, commented, for Wireshark and tshark.",
    "--expect": 'Deviations listed there (TOML, or JSON) do not fail the replay; of captures, exchange = "capture".',
}
_LISTING = ("--limit", "--oddities", "--timeline")
_JUDGING = ("--filter", "--show", "--why", "--connections", *_LISTING, "--workers", "--scheduler")
"""What only the judging of captures and recordings knows."""
_REPORTS = ("--jsonl", "--junit", "--markdown", "--expect", "--write-expect", "--fail-on", "--oddities", "--timeline")
_NOT_SHOWN = (OPTION, "--deadline", *_REPORTS)
"""What --show N has no use for."""


def _rows(context: click.Context, parameter: click.Parameter, text: str) -> int | None:
    """The number of rows; None for all of them."""
    if text != "all" and not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise click.BadParameter(f"{text!r} is neither a number nor 'all'", context, parameter)
    return None if text == "all" else int(text)


def _files(context: click.Context, parameter: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    """The names as they are given."""
    if "" in names or names.count("-") > 1:
        raise click.UsageError("an empty text names no file" if "" in names else "standard input can be read only once")
    return names


@click.command("replay")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", callback=_files)
@click.option("--profile", type=click.Choice(PROFILES), help="The reading.  [default: rfc9293; of a recording its own]")
@click.option(
    OPTION,
    "filters",
    multiple=True,
    metavar="KEY=VALUE",
    help="Only connections with this host, port, handshake, close, verdict, rule, cause or state (Zeek's conn_state);"
    " * and ? allowed in words; repeatable, all must hold.",
)
@click.option(
    "--show",
    multiple=True,
    metavar="N|FILE:N",
    help="Only the ladder of this connection (--json: its segments); repeatable."
    " For recordings: ID of an exchange, or all.",
)
@click.option(
    "--why",
    multiple=True,
    metavar="N|FILE:N",
    help="The same, with what the verdict stands on: excuses tried, belief after each packet; repeatable."
    " Of a recorded matrix: CELL.",
)
@click.option(
    "--limit",
    default="20",
    show_default=True,
    callback=_rows,
    metavar="N|all",
    help="Rows in the table, the worst first.",
)
@click.option(
    "--connections", is_flag=True, help="Judge recordings of `probe check` by connections too, like any capture."
)
@click.option(
    "--oddities",
    is_flag=True,
    help="List what is strange in connections and breaks no rule. --show N tells more of it: text, windows, clocks.",
)
@click.option("--timeline", is_flag=True, help="Count opens, closes, resets, refusals and unanswered SYNs by time.")
@click.option("--workers", type=click.IntRange(1), metavar="N", help="Processes to use.  [default: one a core]")
@click.option("--scheduler", metavar="ADDRESS", help="Hand the work to this Dask cluster instead (extra [cluster]).")
@common.deadline
@partial(reporting, helps=_HELPS, fail_on=(TROUBLE,))
@click.option(
    "--live",
    metavar="TARGET",
    help="Send the client side of one connection to this live peer (host:port) and judge its answers.",
)
@click.option(
    "--connection",
    type=click.IntRange(0),
    metavar="N",
    help="With --live: the number of the connection.  [default: the first with its SYN]",
)
@common.quiet
def command(  # noqa: PLR0913, PLR0917  # one parameter an option
    files: tuple[str, ...],
    profile: str | None,
    filters: tuple[str, ...],
    show: tuple[str, ...],
    why: tuple[str, ...],
    limit: int | None,
    connections: bool,
    oddities: bool,
    timeline: bool,
    workers: int | None,
    scheduler: str | None,
    deadline: float | None,
    reporting: Reporting,
    live: str | None,
    connection: int | None,
    quiet: bool,
) -> int:
    """Judge every TCP connection in captures: pcap or pcapng, plain or gzip.

    FILE is a file, a folder (every capture in it), or - for standard input. A recording of `probe check --save` is
    judged again exchange by exchange. With --live a captured client is played against a live peer.
    """
    from probe.cli.run.outcome import Display

    display = Display(reporting, quiet)
    if live is not None or connection is not None:
        return _re_enact(live, files, connection, profile or PROFILES[0], deadline, display)
    if reporting.save is not None:
        raise click.UsageError("--save keeps the packets of --live TARGET; captures are judged where they are")
    from probe.cli.run.replay import ReplayRequest, replay
    from probe.replay.cluster import executor
    from probe.replay.run import ReplayOptions

    named = (*_shown(show, files, "--show"), *_shown(why, files, "--why"))
    cluster = partial(executor, scheduler) if scheduler else None
    until, judged = common.moment(deadline), connections or bool(filters)
    options = ReplayOptions((), profile or PROFILES[0], parse(filters), workers=workers, executor=cluster, until=until)
    asked = ReplayRequest(files, options, profile, filters, limit, judged, *named, oddities, timeline)
    return replay(asked, display)


def _re_enact(
    live: str | None,
    files: tuple[str, ...],
    connection: int | None,
    profile: str,
    deadline: float | None,
    display: Display,
) -> int:
    """``--live``: something quite different."""
    if live is None:
        raise click.UsageError("--connection names what --live TARGET re-enacts; to look at a connection use --show N")
    if strange := [option for option in common.used().values() if option in _JUDGING]:
        raise click.UsageError(f"--live re-enacts one connection and judges no capture: leave out {strange[0]}")
    if len(files) != 1:
        raise click.UsageError(f"--live re-enacts one connection of one file, not of {len(files)}: name the file")
    from probe.cli.run.reenact import reenact
    from probe.live.options import ReenactOptions

    options = ReenactOptions(files[0], connection, profile=profile, until=common.moment(deadline))
    return reenact(live, options, display)


def _shown(texts: Iterable[str], files: tuple[str, ...], option: str) -> tuple[list[tuple[str | None, int]], list[str]]:
    """The connections that ``N`` or ``FILE:N`` names; other texts are ids or patterns of exchanges."""
    picked, exchanges = list[tuple[str | None, int]](), list[str]()
    for text in texts:
        if found := _SHOWN.fullmatch(text):
            if files == ("-",) or found["file"] == "-":
                problem = "standard input cannot be read twice: save it to a file and show from there"
                raise click.BadParameter(problem, param_hint=option)
            picked.append((found["file"], int(found["index"])))
        elif text == "all":
            exchanges.append("*")
        else:
            from probe.live.options import cell_names
            from probe.scenarios import ALL

            known, what = list(ALL), "exchange"
            if option == "--why" and ":" in text:
                known, what = cell_names(), "cell"
            common.chosen((text,), known, option, what)
            exchanges.append(text)
    if picked and (beside := [used for used in common.used().values() if used in _NOT_SHOWN]):
        raise click.UsageError(f"{option} N shows that connection and nothing else: leave out {beside[0]}")
    return picked, exchanges
