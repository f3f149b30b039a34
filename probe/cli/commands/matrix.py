"""`probe matrix`: options to a plan; what is judged and printed is in ``probe.cli.run.matrix``."""

from __future__ import annotations

from difflib import get_close_matches
from itertools import product
from typing import Any

import click

from probe.cli.options import common
from probe.cli.options.namespaces import in_namespace, watch
from probe.cli.options.reporting import Reporting, reporting
from probe.spec.states import State


def _only(context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    """The cells that ``STATE``, ``STATE:SEGMENT`` or ``:SEGMENT`` name."""
    from probe.spec.segment import KINDS

    found: set[tuple[str, str]] = set()
    for text in texts:
        state, _, segment = text.upper().partition(":")
        if not state and not segment:
            raise click.BadParameter("an empty text names no cell: write STATE, :SEGMENT or both", context, parameter)
        states, segments = [s.value for s in State if state in (s.value, "")], [k for k in KINDS if segment in (k, "")]
        for kind, name, fit, known in (("state", state, states, State), ("segment", segment, segments, KINDS)):
            if not fit:
                problem = common.unknown(kind, name, get_close_matches(name, known), f"there are {', '.join(known)}")
                raise click.BadParameter(problem, context, parameter)
        found |= set(product(states, segments))
    return frozenset(found)


@click.command("matrix")
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@common.versions
@click.option(
    "--only",
    multiple=True,
    callback=_only,
    metavar="STATE[:SEGMENT]",
    help="Only this row, column (:SEGMENT) or cell, by the RFC's names, such as ESTABLISHED:SYN+ACK; repeatable.",
)
@common.skip("CELL", "these cells, such as 'established:*:RCV.NXT+2^31:*' or FIN-WAIT-1:RST")
@common.profile
@common.trigger(
    "auto|none|wait|hold|http|target|LINE",
    "How the peer's application is brought to act, as for `probe check`; only `probe target` reaches every state.",
)
@click.option(
    "--parallel",
    type=click.IntRange(1, 4096),
    metavar="COUNT",
    help="How many connections the peer sees at a time (5; 384 behind `probe target`).",
)
@common.line
@common.deadline
@reporting
@common.why("CELL", "cell")
@click.option("-q", "--quiet", is_flag=True, help="Print the matrix and the counts only.")
@in_namespace
def command(  # one parameter an option
    targets: tuple[str, ...],
    versions: frozenset[int],
    skip: tuple[str, ...],
    why: tuple[str, ...],
    deadline: float | None,
    quiet: bool,
    reporting: Reporting,
    **plain: Any,  # noqa: ANN401  # options that MatrixOptions has under the same name
) -> int:
    """Judge what TARGET makes of every segment in every state: host:port, [v6]:port or name:port.

    A service may name the port. Eleven states by eleven kinds of segment, at every position of SEG.SEQ and SEG.ACK that
    the RFC tells apart, with and without payload: about 4,000 short connections. Without TARGET the kernel of this
    machine is judged, in a private network namespace with `probe target` in it.
    """
    from probe.cli.run import matrix as run
    from probe.cli.run import plan
    from probe.cli.run.outcome import Display, Request
    from probe.live.options import MatrixOptions, cell_names

    known = cell_names() if skip or why else []
    common.chosen(skip, known, "--skip", "cell")
    asked = common.named(why, known, "--why", "cell")
    options = MatrixOptions(skip=skip, watch=watch(), until=common.moment(deadline), **plain)
    return run.matrix(Request(plan.given(targets), versions, options), Display(reporting, quiet, why=asked))
