"""`probe explain ID`: what is printed is in ``probe.cli.catalogue.sheets``."""

from __future__ import annotations

import click


@click.command("explain")
@click.argument("name", metavar="ID")
def command(name: str) -> None:
    """Explain an exchange (close-by-us), a rule (close.fin-acked), a row of SEGMENT ARRIVES (E6), profiles, levels."""
    from probe.cli.catalogue.sheets import TOPICS, sheet
    from probe.cli.options.common import nearest, unknown
    from probe.cli.output.terminal import say, width
    from probe.scenarios import ALL
    from probe.spec.rules import close_matches

    found = sheet(name, min(width(), 110))
    if not found:
        near = [*nearest(name, [*ALL, TOPICS[0]]), *close_matches(name)][:4]
        raise click.BadParameter(unknown("exchange, rule or row", name, near), param_hint="ID")
    say(f"{found}\n")
