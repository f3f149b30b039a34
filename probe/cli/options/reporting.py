"""The options that say where results go and what fails a run: the same for every command that judges."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import wraps
from typing import Any

import click

_STDOUT = "-"
FAIL_ON = ("warn", "inconclusive")


@dataclass(frozen=True, slots=True)
class Reporting:
    """Files to write (``-``: standard output), the file of expected deviations to read, verdicts that fail the run."""

    json_to: str | None = None
    jsonl_to: str | None = None
    junit_to: str | None = None
    markdown_to: str | None = None
    save: str | None = None
    expect: str | None = None
    write_expect: str | None = None
    fail_on: tuple[str, ...] = ()

    def given(self, *names: str) -> list[str]:
        """Which of these options (all of them without ``names``) were used."""
        return [option for option in names or _OPTIONS if getattr(self, _FIELDS[option])]

    def check(self) -> None:
        """UsageError where two results would go to the same place."""
        seen: dict[str, str] = {}
        for option, name in _WRITES.items():
            where = getattr(self, name)
            if where is None:
                continue
            place = where if where == _STDOUT else os.path.realpath(where)
            if place in seen:
                both = "go to standard output" if where == _STDOUT else "name the same file"
                raise click.UsageError(f"{seen[place]} and {option} {both}")
            seen[place] = option


_WRITES = {
    "--json": "json_to",
    "--jsonl": "jsonl_to",
    "--junit": "junit_to",
    "--markdown": "markdown_to",
    "--save": "save",
    "--write-expect": "write_expect",
}
_OPTIONS: dict[str, dict[str, Any]] = {
    "--json": {"metavar": "FILE", "help": "Write the results as JSON; - is standard output."},
    "--jsonl": {"metavar": "FILE", "help": "Write each event as a line of JSON; - as above."},
    "--junit": {"metavar": "FILE", "help": "Write JUnit XML, as Jenkins and GitLab read it."},
    "--markdown": {"metavar": "FILE", "help": "Write a summary with a ladder of what failed."},
    "--save": {"metavar": "FILE.pcapng", "help": "Write every packet, commented, for Wireshark and tshark."},
    "--expect": {
        "metavar": "FILE",
        "help": "Deviations listed there (TOML, or JSON) do not fail the run; see --write-expect.",
    },
    "--write-expect": {"metavar": "FILE", "help": "Write the deviations of this run as such a list."},
    "--fail-on": {"multiple": True, "type": click.Choice(FAIL_ON), "help": "Exit code 1 for this too; repeatable."},
}
_FIELDS = _WRITES | {"--expect": "expect", "--fail-on": "fail_on"}


def reporting(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command these options; it gets them as one argument, ``reporting``."""
    return reporting_as({})(command)


def reporting_as(helps: Mapping[str, str]) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """The same for a command where some options, those of ``helps``, mean something of their own."""
    return lambda command: _with_options(command, helps)


def _with_options(command: Callable[..., int], helps: Mapping[str, str]) -> Callable[..., int]:
    @wraps(command)
    def packed(*args: Any, **values: Any) -> int:  # noqa: ANN401  # click's own
        chosen = Reporting(**{entry.name: values.pop(entry.name) for entry in fields(Reporting)})
        chosen.check()
        return command(*args, reporting=chosen, **values)

    made = packed
    for option, how in reversed(_OPTIONS.items()):
        told = {**how, "help": helps.get(option, how["help"])}
        made = click.option(option, _FIELDS[option], **told)(made)
    return made
