"""The options that say where results go and what fails a run: the same for every command that judges a live peer."""

from __future__ import annotations

import os
from collections.abc import Callable
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
_OPTIONS = (
    click.option("--json", "json_to", metavar="FILE", help="Write the results as JSON; - is standard output."),
    click.option("--jsonl", "jsonl_to", metavar="FILE", help="Write each event as a line of JSON; - as above."),
    click.option("--junit", "junit_to", metavar="FILE", help="Write JUnit XML, as Jenkins and GitLab read it."),
    click.option("--markdown", "markdown_to", metavar="FILE", help="Write a summary with a ladder of what failed."),
    click.option("--save", metavar="FILE.pcapng", help="Write every packet, commented, for Wireshark and tshark."),
    click.option(
        "--expect",
        metavar="FILE",
        help="Deviations listed there (TOML, or JSON) do not fail the run; see --write-expect.",
    ),
    click.option("--write-expect", metavar="FILE", help="Write the deviations of this run as such a list."),
    click.option("--fail-on", multiple=True, type=click.Choice(FAIL_ON), help="Exit code 1 for this too; repeatable."),
)


def reporting(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command these options; it gets them as one argument, ``reporting``."""

    @wraps(command)
    def packed(*args: Any, **values: Any) -> int:  # noqa: ANN401  # click's own
        chosen = Reporting(**{entry.name: values.pop(entry.name) for entry in fields(Reporting)})
        chosen.check()
        return command(*args, reporting=chosen, **values)

    made = packed
    for option in reversed(_OPTIONS):
        made = option(made)
    return made
