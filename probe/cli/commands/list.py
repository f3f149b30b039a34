"""`probe list`: what is printed is in ``probe.cli.catalogue.lists``."""

from __future__ import annotations

import click


@click.command("list")
@click.option("--rules", "want_rules", is_flag=True, help="The whole catalogue of rules, with what shows each.")
@click.option("--tc8", "want_tc8", is_flag=True, help="The TC8 cases of open and close, with what shows each.")
@click.option("--matrix", "want_matrix", is_flag=True, help="The cells of the FreeBSD state-event suite likewise.")
@click.option("--json", "as_document", is_flag=True, help="As JSON on standard output.")
def command(want_rules: bool, want_tc8: bool, want_matrix: bool, as_document: bool) -> None:
    """List the exchanges: id, what it is, clause, what it needs of the peer's application, whether it waits."""
    from probe.cli.catalogue import lists
    from probe.cli.output.terminal import say

    if want_rules + want_tc8 + want_matrix > 1:
        raise click.UsageError("--rules, --tc8 and --matrix are lists of their own; ask for one at a time")
    if as_document:
        say(lists.document())
        return
    made = ((want_rules, lists.rules), (want_tc8, lists.tc8), (want_matrix, lists.freebsd), (True, lists.exchanges))
    say(f"{next(make for wanted, make in made if wanted)()}\n")
