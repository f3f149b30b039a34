"""``--filter KEY=VALUE`` of `probe replay`: which connections are wanted; plain data that can be sent to workers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import click

from probe.cli.options.common import unknown
from probe.cli.options.targets import port_number
from probe.results.connection import Close, Connection, Handshake
from probe.results.ending import Cause
from probe.results.verdict import Verdict
from probe.spec import rules
from probe.wire.addresses import canonical
from probe.wire.errors import TargetError

OPTION = "--filter"

_VALUES: dict[str, Callable[[Connection], tuple[str, ...]]] = {
    "host": lambda c: (c.client.address, c.server.address),
    "port": lambda c: (str(c.client.port), str(c.server.port)),
    "handshake": lambda c: (c.handshake,),
    "close": lambda c: (c.close,),
    "verdict": lambda c: (c.verdict.value,),
    "rule": lambda c: tuple(finding.rule for finding in c.findings),
    "state": lambda c: (c.conn_state,),
    "cause": lambda c: tuple(one.cause.value for one in c.causes),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """Under every key of ``conditions`` some value that the connection has is among those accepted."""

    conditions: tuple[tuple[str, frozenset[str]], ...]

    def __call__(self, connection: Connection) -> bool:
        """Whether the connection is wanted."""
        return not any(accepted.isdisjoint(_VALUES[key](connection)) for key, accepted in self.conditions)


def parse(expressions: Iterable[str]) -> Filter | None:
    """The filter that the options ask for; None without any. click.BadParameter names the choices."""
    conditions = tuple(map(_condition, expressions))
    return Filter(conditions) if conditions else None


def _condition(text: str) -> tuple[str, frozenset[str]]:
    key, equals, value = (part.strip() for part in text.partition("="))
    if not equals or key not in _VALUES:
        problem = f"there is no key {key!r}" if equals else f"{text!r} has no '='"
        raise _bad(f"{problem}: write KEY=VALUE with one of {', '.join(_VALUES)}")
    try:
        if key == "host":
            return key, frozenset({canonical(value.removeprefix("[").removesuffix("]"))[0]})
        if key == "port":
            return key, frozenset({"0" if value == "0" else str(port_number(value))})
    except TargetError as error:
        raise _bad(f"{key}: {error}") from None
    words: dict[str, Sequence[str]] = {
        "handshake": [word.value for word in Handshake],
        "close": [word.value for word in Close],
        "verdict": [word.value for word in Verdict],
        "rule": list(rules.ALL),
        "cause": [word.value for word in Cause],
        # Zeek's conn_state, in the order of its manual
        "state": ("S0", "S1", "SF", "REJ", "S2", "S3", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR", "OTH"),
    }
    # A hyphen may stand for a blank (``reset-by-client``), case is ignored.
    pattern = value.replace("-", " ").lower()
    found = frozenset(word for word in words[key] if fnmatchcase(word.replace("-", " ").lower(), pattern))
    if not found:
        if key == "rule":
            near, other = rules.close_matches(value), "`probe list --rules` shows what there is."
            raise _bad(unknown(key, value, near, other))
        raise _bad(unknown(key, value, (), f"choose among {', '.join(words[key])} (* and ? allowed)"))
    return key, found


def _bad(problem: str) -> click.BadParameter:
    return click.BadParameter(problem, param_hint=OPTION)
