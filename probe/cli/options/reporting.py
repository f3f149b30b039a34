"""The options that say where results go and what fails a run: the same for every command that judges."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from types import MappingProxyType
from typing import Any

import click

from probe.reports import formats

_STDOUT = "-"
TROUBLE = "trouble"
"""What `probe replay` fails on beside verdicts: connections that ended badly."""
_FAIL_ON = ("warn", "inconclusive")


@dataclass(frozen=True, slots=True)
class Reporting:
    """Where results go (``-``: standard output), the file of expected deviations to read, verdicts that fail the run.

    ``files`` are by the name of their format.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    save: str | None = None
    expect: str | None = None
    write_expect: str | None = None
    fail_on: tuple[str, ...] = ()

    def check(self) -> None:
        """UsageError where two results would go to the same place."""
        seen: dict[str, str] = {}
        writes = {f"--{name}": where for name, where in self.files.items()}
        for option, where in (writes | {"--save": self.save, "--write-expect": self.write_expect}).items():
            if where is None:
                continue
            place = where if where == _STDOUT else os.path.realpath(where)
            if place in seen:
                both = "go to standard output" if where == _STDOUT else "name the same file"
                raise click.UsageError(f"{seen[place]} and {option} {both}")
            seen[place] = option


_BESIDE: dict[str, dict[str, Any]] = {
    "--save": {"metavar": "FILE.pcapng", "help": "Write every packet, commented, for Wireshark and tshark."},
    "--expect": {
        "metavar": "FILE",
        "help": "Deviations listed there (TOML, or JSON) do not fail the run; see --write-expect.",
    },
    "--write-expect": {"metavar": "FILE", "help": "Write the deviations of this run as such a list."},
    "--fail-on": {"multiple": True, "type": click.Choice(_FAIL_ON), "help": "Exit code 1 for this too; repeatable."},
}


def reporting(
    command: Callable[..., int], helps: Mapping[str, str] = MappingProxyType({}), fail_on: tuple[str, ...] = ()
) -> Callable[..., int]:
    """Give a command these options; it gets them as one argument, ``reporting``.

    ``helps`` are the texts of options that mean something of their own there, ``fail_on`` what it can fail on beside
    the verdicts.
    """
    known = formats.found()

    @wraps(command)
    def packed(*args: Any, **values: Any) -> int:  # noqa: ANN401  # click's own
        files = {one.name: where for one in known if (where := values.pop(f"{one.name}_to")) is not None}
        chosen = Reporting(files, **{name: values.pop(name) for name in ("save", "expect", "write_expect", "fail_on")})
        chosen.check()
        return command(*args, reporting=chosen, **values)

    made = packed
    beside = _BESIDE | {"--fail-on": _BESIDE["--fail-on"] | {"type": click.Choice(_FAIL_ON + fail_on)}}
    options = {f"--{one.name}": ([f"{one.name}_to"], {"metavar": "FILE", "help": one.help}) for one in known}
    for option, (names, how) in reversed((options | {option: ([], how) for option, how in beside.items()}).items()):
        made = click.option(option, *names, **{**how, "help": helps.get(option, how["help"])})(made)
    return made
