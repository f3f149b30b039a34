"""`probe listen`: options to a plan; what is judged and printed is in ``probe.cli.run.listen``."""

from __future__ import annotations

from typing import Any

import click

from probe.cli.options import common
from probe.cli.options.namespaces import in_namespace, watch
from probe.cli.options.reporting import Reporting, reporting


@click.command("listen")
@click.argument("port", type=common.PORT)
@common.versions
@common.profile
@click.option("--exchange", "only", multiple=True, metavar="ID", help="Only this exchange (* and ? allowed).")
@click.option("--once", is_flag=True, help="Judge one connection, by the plain handshake or by --exchange.")
@click.option("--count", type=click.IntRange(1), metavar="N", help="Take N connections and end.")
@click.option("--deadline", type=common.SECONDS, metavar="SECONDS", help="End then, whatever is still missing.")
@click.option("--no-wait", is_flag=True, help="Leave out exchanges that wait for a timer of the client.")
@common.trigger(
    "auto|none|wait|hold|http|LINE",
    "How the client is brought to close first: a page for one that speaks HTTP (auto, http), nothing, as it closes"
    " of itself (wait, none), not at all (hold), or a line to send, such as '221 bye\\r\\n'.",
)
@click.option("--ask", metavar="TARGET", help="A `probe target`, which is asked for each connection.")
@click.option("--from", "client", metavar="ADDRESS", help="Judge this client only; else the first one that comes.")
@click.option("--patience", type=common.PATIENCE, default=1.0, metavar="SECONDS", help="For a reply.")
@click.option("--interface", metavar="NAME", help="Listen there only.")
@click.option("--source", metavar="ADDRESS", help="Listen at this address of ours only.")
@click.option("--seed", type=int, metavar="NUMBER", help="Makes our sequence numbers repeatable.")
@reporting
@common.show
@common.why()
@common.quiet
@in_namespace
def command(  # noqa: PLR0913, PLR0917  # one parameter an option
    port: int,
    versions: frozenset[int],
    only: tuple[str, ...],
    once: bool,
    count: int | None,
    no_wait: bool,
    ask: str | None,
    client: str | None,
    show: tuple[str, ...],
    why: tuple[str, ...],
    quiet: bool,
    reporting: Reporting,
    **plain: Any,  # noqa: ANN401  # options that ListenOptions has under the same name
) -> int:
    """Play the server at PORT and judge the client that connects: a kernel, a browser, firmware.

    Each connection it opens shows one exchange: our good SYN,ACK, wrong acknowledgments, RSTs, silence, a SYN of our
    own, a refusal, and the close in each order. Nothing may listen at PORT. Needs the capability CAP_NET_RAW.
    """
    from probe.cli.run import listen as run
    from probe.cli.run.outcome import Display
    from probe.live.listen import FIRST
    from probe.live.options import ListenOptions
    from probe.scenarios import ALL

    if once and count is not None:
        raise click.UsageError("--once takes one connection: leave out --count")
    known = [scenario.id for scenario in ALL.values() if scenario.opens == "peer"]
    options = ListenOptions(
        only=common.chosen(only, known, "--exchange") or (FIRST,) * once,
        waits=not no_wait,
        count=1 if once else count,
        versions=tuple(sorted(versions or (4, 6))),
        client=client or "",
        watch=watch(),
        **plain,
    )
    return run.listen(port, ask, options, Display(reporting, quiet, *common.shown(show, why, known)))
