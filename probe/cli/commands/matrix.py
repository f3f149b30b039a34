"""`probe matrix`: options to a plan; what is judged and printed is in ``probe.cli.run.matrix``."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import click

from probe.cli.options.namespaces import placed, watch
from probe.cli.options.reporting import Reporting, reporting
from probe.spec.reaction import PROFILES
from probe.spec.states import State

_PORT = click.IntRange(1, 65535)


@click.command("matrix")
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@click.option("-4", "ipv4", is_flag=True, help="IPv4 only.")
@click.option("-6", "ipv6", is_flag=True, help="IPv6 only.")
@click.option(
    "--only",
    multiple=True,
    metavar="STATE[:SEGMENT]",
    help="Only this row, column (:SEGMENT) or cell, by the RFC's names, such as ESTABLISHED:SYN+ACK; repeatable.",
)
@click.option("--profile", type=click.Choice(PROFILES), default="rfc9293", show_default=True, help="The reading.")
@click.option(
    "--trigger",
    default="auto",
    metavar="auto|none|http|target|LINE",
    help="How the peer's application is brought to act, as for `probe check`; only `probe target` reaches every state.",
)
@click.option("--patience", type=click.FloatRange(0.01, 3600), metavar="SECONDS", help="How long a reply may take.")
@click.option(
    "--parallel",
    type=click.IntRange(1, 4096),
    metavar="COUNT",
    help="How many connections the peer sees at a time (5; 384 behind `probe target`).",
)
@click.option("--interface", metavar="NAME", help="Send and listen there, whatever the routes say.")
@click.option("--source", metavar="ADDRESS", help="The source address, one of this host's.")
@click.option("--closed-port", type=_PORT, metavar="PORT", help="A port of the target where nothing listens.")
@click.option("--seed", type=int, metavar="NUMBER", help="Makes the tester's sequence numbers repeatable.")
@click.option("--deadline", type=click.FloatRange(0.1), metavar="SECONDS", help="End then; the rest is inconclusive.")
@reporting
@click.option("-q", "--quiet", is_flag=True, help="Print the matrix and the counts only.")
@placed
def command(  # one parameter an option
    targets: tuple[str, ...],
    ipv4: bool,
    ipv6: bool,
    only: tuple[str, ...],
    trigger: str,
    deadline: float | None,
    quiet: bool,
    reporting: Reporting,
    **plain: Any,  # noqa: ANN401  # options that MatrixOptions has under the same name
) -> int:
    """Judge what TARGET makes of every segment in every state: host:port, [v6]:port or name:port.

    Eleven states by eleven kinds of segment, at every position of SEG.SEQ and SEG.ACK that the RFC tells apart, with
    and without payload: about 4,000 short connections. Without TARGET the kernel of this machine is judged, in a
    private network namespace with `probe target` in it.
    """
    from probe.cli.commands.check import known_trigger_text
    from probe.cli.run import matrix as matrix_run
    from probe.live.matrix_options import MatrixOptions

    options = MatrixOptions(trigger=known_trigger_text(trigger), only=_only(only), watch=watch(), **plain)
    versions = {version for version, asked in ((4, ipv4), (6, ipv6)) if asked}
    return matrix_run.matrix(targets, versions, options, matrix_run.Display(reporting, quiet, deadline))


def _only(texts: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    """The cells that ``STATE``, ``STATE:SEGMENT`` or ``:SEGMENT`` name."""
    from probe.spec.segment import KINDS

    states = tuple(state.value for state in State)
    found: set[tuple[str, str]] = set()
    for text in texts:
        state, _, segment = text.upper().partition(":")
        chosen = _named(state, states, "state") if state else states
        kinds = _named(segment, tuple(KINDS), "segment") if segment else tuple(KINDS)
        found |= {(row, column) for row in chosen for column in kinds}
    return frozenset(found)


def _named(name: str, known: tuple[str, ...], kind: str) -> tuple[str, ...]:
    if name in known:
        return (name,)
    near = get_close_matches(name, known)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
    raise click.BadParameter(f"there is no {kind} {name!r}: {hint}", param_hint="--only")
