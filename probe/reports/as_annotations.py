"""Workflow commands of GitHub Actions: lines of the log that are shown beside the run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from probe.results.verdict import Report, Verdict

SHOWN = 10
"""GitHub shows so many errors and so many warnings of a step."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """One remark; ``level`` is error or warning."""

    level: str
    title: str
    message: str

    def line(self) -> str:
        """The command, escaped as the runner reads it back."""
        title = _data(self.title).replace(":", "%3A").replace(",", "%2C")
        return f"::{self.level} title={title}::{_data(self.message)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def render(report: Report, *, errors: Sequence[str] = ()) -> str:
    """A line a finding that is news, and one an error; of too many the last one says how many there are."""
    return written([*troubles(errors), *found(report)])


def troubles(errors: Iterable[str]) -> Iterator[Annotation]:
    """What went wrong on our side."""
    return (Annotation("error", "probe: environment", text) for text in errors)


def written(annotations: Iterable[Annotation]) -> str:
    """The lines, of each level no more than are shown."""
    every = list(annotations)
    lines = []
    for level in ("error", "warning"):
        own = [one for one in every if one.level == level]
        if len(own) > SHOWN:
            rest = len(own) - SHOWN + 1
            own = [*own[: SHOWN - 1], Annotation(level, "probe", f"{rest} more, listed in the report")]
        lines += [one.line() for one in own]
    return "".join(lines)


def found(report: Report) -> Iterator[Annotation]:
    """One a finding that is news."""
    for run in report.runs:
        for e in run.exchanges:
            level = level_of(e.news, report.fail_on)
            if level is None:
                continue
            where = f"{e.id} at {run.name or run.target} (IPv{run.ip_version})"
            expected = {one.rule for one in e.known}
            fresh = [f for f in e.findings if f.rule not in expected]
            if not fresh:
                yield Annotation(level, f"{e.news}: {e.id}", f"{where}: {e.reason}")
            for f in fresh:
                text = f"{where}: sent {f.sent}; due {f.due}; came {f.came} ({f.level_text}, {f.clause})"
                yield Annotation(level, f"{f.rule} in {e.id}", text)


def level_of(word: Verdict, fail_on: frozenset[Verdict]) -> str | None:
    """The level of a verdict, None where nothing is to be said."""
    if word is Verdict.FAIL or word in fail_on:
        return "error"
    return "warning" if word is Verdict.WARN else None
