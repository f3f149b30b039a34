"""`probe replay`: options to a request; what is read and printed is in ``probe.cli.replaying``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from probe.cli.filters import OPTION, parse
from probe.cli.reporting import Reporting
from probe.spec.reaction import PROFILES

if TYPE_CHECKING:
    from probe.cli.replay_outcome import Picked

_SHOWN = re.compile(r"(?:(?P<file>.+):)?(?P<index>\d+)", re.DOTALL)
_ROWS = "20"


@click.command("replay")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--profile", type=click.Choice(PROFILES), help="The reading.  [default: rfc9293; of a recording its own]")
@click.option(
    OPTION,
    "filters",
    multiple=True,
    metavar="KEY=VALUE",
    help="Only connections with this host, port, handshake, close, verdict, rule or state (Zeek's conn_state);"
    " * and ? allowed in words; repeatable, all must hold.",
)
@click.option(
    "--show",
    multiple=True,
    metavar="N|FILE:N",
    help="Only the ladder of this connection (--json: its segments); repeatable."
    " For recordings: ID of an exchange, or all.",
)
@click.option("--limit", default=_ROWS, show_default=True, metavar="N|all", help="Rows in the table, the worst first.")
@click.option(
    "--connections", is_flag=True, help="Judge recordings of `probe check` by connections too, like any capture."
)
@click.option("--workers", type=click.IntRange(1), metavar="N", help="Processes to use.  [default: one a core]")
@click.option("--scheduler", metavar="ADDRESS", help="Hand the work to this Dask cluster instead (extra [cluster]).")
@click.option("--json", "json_to", metavar="FILE", help="Write the results as JSON; - is standard output.")
@click.option(
    "--jsonl",
    "jsonl_to",
    metavar="FILE",
    help="Write each connection as a line of JSON as soon as it is judged, at last a summary; - is stdout.",
)
@click.option(
    "--junit",
    "junit_to",
    metavar="FILE",
    help="Write JUnit XML, as Jenkins and GitLab read it, with the connections that --limit lists.",
)
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
@click.option("-q", "--quiet", is_flag=True, help="Print the answer and the counts only.")
def command(  # noqa: PLR0913, PLR0917  # one parameter an option
    files: tuple[str, ...],
    profile: str | None,
    filters: tuple[str, ...],
    show: tuple[str, ...],
    limit: str,
    connections: bool,
    workers: int | None,
    scheduler: str | None,
    json_to: str | None,
    jsonl_to: str | None,
    junit_to: str | None,
    live: str | None,
    connection: int | None,
    quiet: bool,
) -> int:
    """Judge every TCP connection in captures: pcap or pcapng, plain or gzip.

    FILE is a file, a folder (every capture in it), or - for standard input. A recording of `probe check --save` is
    judged again exchange by exchange. With --live a captured client is played against a live peer.
    """
    from probe.cli.replay_outcome import Request
    from probe.cli.replaying import Display, replay

    _refuse_nonsense(files, json_to, jsonl_to, junit_to)
    if live is not None or connection is not None:
        alone = not any((filters, show, connections, jsonl_to, junit_to, workers, scheduler))
        return _re_enact(live, files, connection, profile, json_to, quiet=quiet, alone=alone)
    shown = _all_picked(show, files, alone=not (jsonl_to or junit_to or filters))
    wanted = parse(filters)
    as_captures = connections or bool(filters)
    request = Request(files, profile, filters, wanted, *shown, _limit(limit), as_captures, workers, scheduler)
    return replay(request, Display(json_to, jsonl_to, quiet, junit_to))


def _re_enact(
    live: str | None,
    files: tuple[str, ...],
    connection: int | None,
    profile: str | None,
    json_to: str | None,
    *,
    quiet: bool,
    alone: bool,
) -> int:
    """``--live``: something quite different. ``alone``: without options that only judging captures knows."""
    if live is None:
        raise click.UsageError("--connection names what --live TARGET re-enacts; to look at a connection use --show N")
    if not alone:
        raise click.UsageError("--live goes with --connection, --profile, --json and --quiet only")
    from probe.cli import replay_live

    return replay_live.run(live, files, connection=connection, profile=profile, json_to=json_to, quiet=quiet)


def _refuse_nonsense(files: tuple[str, ...], json_to: str | None, jsonl_to: str | None, junit_to: str | None) -> None:
    Reporting(json_to=json_to, jsonl_to=jsonl_to, junit_to=junit_to).check()
    if files.count("-") > 1:
        raise click.UsageError("standard input can be read only once")


def _limit(text: str) -> int | None:
    if text == "all":
        return None
    if not (text.isascii() and text.isdecimal()):
        raise click.BadParameter(f"{text!r} is neither a number nor 'all'", param_hint="--limit")
    return int(text)


def _all_picked(
    show: tuple[str, ...], files: tuple[str, ...], *, alone: bool
) -> tuple[tuple[Picked, ...], tuple[str, ...]]:
    """The connections and the exchanges to show; ``alone``: no other view is asked for."""
    named = [_picked(text, files) for text in show]
    exchanges = tuple(one for one in named if isinstance(one, str))
    picked = tuple(one for one in named if not isinstance(one, str))
    if picked and not alone:
        raise click.UsageError(
            "--show N shows that connection and nothing else: leave out --jsonl, --junit and --filter"
        )
    return picked, exchanges


def _picked(text: str, files: tuple[str, ...]) -> Picked | str:
    """The connection that ``N`` or ``FILE:N`` names; other text is an id of an exchange."""
    from probe.cli.replay_outcome import Picked

    found = _SHOWN.fullmatch(text)
    if found is None:
        return _exchange(text)
    if files == ("-",) or found["file"] == "-":
        problem = "standard input cannot be read twice: save it to a file and show from there"
        raise click.BadParameter(problem, param_hint="--show")
    return Picked(found["file"], int(found["index"]))


def _exchange(text: str) -> str:
    from probe.cli.selection import chosen
    from probe.scenarios import ALL

    if text != "all":
        chosen((text,), list(ALL), "--show")
    return "*" if text == "all" else text
