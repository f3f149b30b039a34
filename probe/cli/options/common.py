"""Options that several commands have, each with one meaning: ``@common.quiet`` above a command gives it ``--quiet``."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import wraps
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from probe.spec.reaction import PROFILES
from probe.wire.errors import TargetError

Function = TypeVar("Function", bound=Callable[..., Any])


class Number(click.FloatRange):
    """A range of finite numbers; to click `nan` lies in every range, and `inf` in one without an end."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401
        """The number; click's own error for what is none."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is no finite number.", param, ctx)
        return number


class Port(click.IntRange):
    """A TCP port by number or by the name of its service."""

    name = "port"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401
        """The number; a usage error for what is none."""
        from probe.cli.options.targets import port_number

        try:
            return port_number(str(value))
        except TargetError as error:
            self.fail(str(error), param, ctx)


def used() -> dict[str, str]:
    """The options that stand on the command line, by the names of their parameters; defaults are not among them."""
    context = click.get_current_context()
    names = {parameter.name or "": parameter.opts[0] for parameter in context.command.params}
    return {k: v for k, v in names.items() if context.get_parameter_source(k) is ParameterSource.COMMANDLINE}


def moment(deadline: float | None) -> float | None:
    """When so many seconds are over, as ``time.monotonic`` counts; asked once everything is loaded."""
    return None if deadline is None else time.monotonic() + deadline


def is_trigger(text: str) -> bool:
    """Whether the backslashes of a line to send make sense."""
    from probe.scenarios.triggers import user_line

    try:
        user_line(text)
    except UnicodeError:
        return False
    return True


def _trigger(context: click.Context, parameter: click.Parameter, text: str) -> str:
    if not text:
        raise click.BadParameter("a line cannot be empty; say none for no trigger", context, parameter)
    if not is_trigger(text):
        raise click.BadParameter(WRONG_BACKSLASHES, context, parameter)
    return text


WRONG_BACKSLASHES = r"the backslashes make no sense; \r \n \t \\ and \x41 are understood"
SECONDS = Number(0.1)
PATIENCE = Number(0.01, 3600)
PORT = Port(1, 65535)
profile = click.option(
    "--profile", type=click.Choice(PROFILES), default="rfc9293", show_default=True, help="The reading."
)
deadline = click.option("--deadline", type=SECONDS, metavar="SECONDS", help="End then; the rest is inconclusive.")
show = click.option(
    "--show", multiple=True, metavar="ID|all", help="Print the ladder of this exchange too; repeatable."
)
quiet = click.option("-q", "--quiet", is_flag=True, help="Print the answer and the counts only.")


def trigger(metavar: str, text: str) -> Callable[[Function], Function]:
    """``--trigger``, of which each command says something of its own."""
    return click.option("--trigger", default="auto", metavar=metavar, callback=_trigger, help=text)


def parallel(most: int, default: int, who: str) -> Callable[[Function], Function]:
    """``--parallel``; ``who`` sees so many connections at a time."""
    text = f"So many connections at a time that {who} sees."
    kind = click.IntRange(1, most)
    return click.option("--parallel", type=kind, default=default, show_default=True, metavar="N", help=text)


def skip(metavar: str, what: str) -> Callable[[Function], Function]:
    """``--skip``; ``what`` is left out."""
    text = f"Leave out {what} (* and ? allowed): it is listed and not judged; repeatable."
    return click.option("--skip", multiple=True, metavar=metavar, help=text)


def why(metavar: str = "ID", what: str = "exchange") -> Callable[[Function], Function]:
    """``--why``; ``what`` has the verdict."""
    text = f"Print what the verdict on this {what} stands on (* and ? allowed); repeatable."
    return click.option("--why", multiple=True, metavar=f"{metavar}|all", help=text)


revive = click.option(
    "--revive",
    default="",
    metavar="COMMAND",
    help="Run this when the peer has died, wait for its port, find the segment that ended it, and go on.",
)


def rate(whose: str = "") -> Callable[[Function], Function]:
    """``--rate``; ``whose`` connections it bounds."""
    text = f"At most so many new connections a second{whose}.  [default: no bound]"
    return click.option("--rate", type=Number(0.01, 100_000), metavar="N", help=text)


def line(command: Callable[..., int]) -> Callable[..., int]:
    """What every command that plays with TARGETs may be told of the line to them, as their options have it."""
    for option in (
        click.option("--seed", type=int, metavar="NUMBER", help="Makes the tester's sequence numbers repeatable."),
        click.option("--closed-port", type=PORT, metavar="PORT", help="A port of the target where nothing listens."),
        click.option("--source", metavar="ADDRESS", help="The source address, one of this host's."),
        click.option("--interface", metavar="NAME", help="Send and listen there, whatever the routes say."),
        click.option(
            "--patience",
            type=PATIENCE,
            metavar="SECONDS",
            help="How long a reply may take (1 s near by); every wait grows with it.",
        ),
    ):
        command = option(command)
    return command


def versions(command: Callable[..., int]) -> Callable[..., int]:
    """``-4`` and ``-6`` as one argument, ``versions``: those asked for, none where either will do."""

    @wraps(command)
    def packed(*, ipv4: bool, ipv6: bool, **values: Any) -> int:  # noqa: ANN401  # click's own
        return command(versions=frozenset([4] * ipv4 + [6] * ipv6), **values)

    with_6 = click.option("-6", "ipv6", is_flag=True, help="IPv6 only.")(packed)
    return click.option("-4", "ipv4", is_flag=True, help="IPv4 only.")(with_6)


# -- ids: exact, or patterns with * and ?; an unknown one names its nearest neighbours ---------------------------------


def chosen(patterns: Iterable[str], known: Sequence[str], option: str, what: str = "exchange") -> tuple[str, ...]:
    """The known ids that some pattern matches, in their own order; click.BadParameter for a pattern without a match."""
    wanted: set[str] = set()
    for pattern in patterns:
        matches = {name for name in known if fnmatchcase(name, pattern)}
        if not matches:
            raise click.BadParameter(unknown(what, pattern, nearest(pattern, known)), param_hint=option)
        wanted |= matches
    return tuple(name for name in known if name in wanted)


def shown(show: Iterable[str], why: Iterable[str], known: Sequence[str]) -> tuple[frozenset[str], frozenset[str]]:
    """What ``--show`` and ``--why`` name: patterns as above, or all."""
    return named(show, known, "--show"), named(why, known, "--why")


def named(patterns: Iterable[str], known: Sequence[str], option: str, what: str = "exchange") -> frozenset[str]:
    """Those of the known ids that patterns name, or all."""
    some = tuple(patterns)
    return frozenset(known if "all" in some else chosen(some, known, option, what))


def nearest(text: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The ids most like ``text``: by spelling first, then those that contain it."""
    names, wanted = {name.lower(): name for name in known}, text.strip().lower()
    spelled = get_close_matches(wanted, names, n=count, cutoff=0.6)
    contained = [name for name in names if len(wanted) > 2 and wanted in name]
    return [names[name] for name in dict.fromkeys([*spelled, *contained])][:count]


def unknown(kind: str, text: str, near: Sequence[str], other: str = "`probe list` shows what there is.") -> str:
    """One sentence for an id that does not exist; ``other`` helps where nothing is near it."""
    hint = f"did you mean {' or '.join(near)}?" if near else other
    return f"there is no {kind} {text!r}: {hint}"
