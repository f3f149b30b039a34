"""`probe list`: what is printed is in ``probe.cli.catalogue.lists``."""

from __future__ import annotations

import click


@click.command("list")
@click.option("--rules", "want_rules", is_flag=True, help="The whole catalogue of rules, with what shows each.")
@click.option("--tc8", "suites", flag_value="tc8", multiple=True, help="The TC8 cases of open and close likewise.")
@click.option("--packetimpact", "suites", flag_value="packetimpact", multiple=True, help="The TCP tests of gVisor's.")
@click.option("--kselftest", "suites", flag_value="kselftest", multiple=True, help="Linux's own packetdrill scripts.")
@click.option("--matrix", "want_matrix", is_flag=True, help="The cells of the FreeBSD state-event suite likewise.")
@click.option("--json", "as_document", is_flag=True, help="As JSON on standard output.")
def command(want_rules: bool, suites: tuple[str, ...], want_matrix: bool, as_document: bool) -> None:
    """List the exchanges: id, what it is, clause, what it needs of the peer's application, whether it waits."""
    from probe.cli.catalogue import lists
    from probe.cli.output.terminal import say

    if want_rules + want_matrix + len(suites) > 1:
        raise click.UsageError("--rules, --matrix and each suite's are lists of their own; ask for one at a time")
    if as_document:
        say(lists.document())
        return
    made = ((want_rules, lists.rules), (suites, lambda: lists.suite(suites[0])), (want_matrix, lists.freebsd))
    say(f"{next((make for wanted, make in made if wanted), lists.exchanges)()}\n")
