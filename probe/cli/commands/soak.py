"""`probe soak`: options to a plan; what is judged and printed is in ``probe.cli.run.soak``."""

from __future__ import annotations

import re
from typing import Any

import click

from probe.cli.options import common
from probe.cli.options.namespaces import in_namespace, watch
from probe.cli.options.reporting import Reporting, reporting

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def _seconds(context: click.Context, parameter: click.Parameter, text: str | None) -> float | None:
    """``90``, ``90s``, ``5m``, ``2h``, ``1d`` in seconds."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text.strip().lower())
    seconds = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if not 0 < seconds < float("inf"):
        raise click.BadParameter(f"{text!r} is no time: write seconds, or 90s, 5m, 2h, 1d", context, parameter)
    return seconds


@click.command("soak")
@click.argument("targets", nargs=-1, metavar="[TARGET]")
@common.versions
@common.profile
@click.option("--exchange", default="close-by-us", show_default=True, metavar="ID", help="What is played.")
@click.option("--for", "seconds", callback=_seconds, metavar="TIME", help="End then: 90, 90s, 5m, 2h.")
@click.option("--count", type=click.IntRange(1), metavar="N", help="End after so many exchanges.")
@common.parallel(4096, 16, "the peer")
@common.rate()
@common.trigger(
    "auto|none|wait|hold|http|target|LINE",
    "How the peer's application is brought to close first, where the exchange needs that; as for `probe check`.",
)
@common.line
@reporting
@common.quiet
@in_namespace
def command(
    targets: tuple[str, ...],
    versions: frozenset[int],
    exchange: str,
    rate: float | None,
    quiet: bool,
    reporting: Reporting,
    **plain: Any,  # noqa: ANN401  # options that SoakOptions has under the same name
) -> int:
    """Open and close connections to TARGET without pause, each judged; until --for, --count or Ctrl-C.

    The report has the rate, how long the handshake and the whole exchange took, the verdicts, the first exchange that
    departed from the RFC, when the peer was gone, and which sockets it is left with. Memory does not grow with the
    time. Without TARGET the kernel of this machine is played with, as for `probe check`.
    """
    from probe.cli.run.outcome import Display
    from probe.cli.run.soak import soak
    from probe.live.options import SoakOptions
    from probe.live.pacing import Pace
    from probe.scenarios import ALL

    if len(targets) > 1:
        raise click.UsageError(f"a soak has one TARGET, not {len(targets)}")
    if unfit := [option for option in common.used().values() if option in ("--expect", "--write-expect")]:
        raise click.UsageError(f"{unfit[0]} is not for a soak: use `probe check`, which tells rule by rule")
    name, *others = common.chosen((exchange,), list(ALL), "--exchange")
    if others:
        raise click.BadParameter(f"{exchange!r} names {len(others) + 1} exchanges: choose one", param_hint="--exchange")
    options = SoakOptions(exchange=name, pace=Pace(rate) if rate else None, watch=watch(), **plain)
    return soak(targets[0] if targets else None, versions, options, Display(reporting, quiet))
