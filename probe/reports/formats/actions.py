"""Workflow commands of GitHub Actions: lines of the log that are shown beside the run."""

from __future__ import annotations

from collections.abc import Iterable

from probe.reports.document import Alert, Document

SHOWN = 10
"""GitHub shows so many errors and so many warnings of a step."""


def render(document: Document) -> str:
    """What went wrong on our side, then what is news."""
    troubles = [Alert(True, "probe: environment", text) for text in (*document.sentences, *document.damage)]
    return written([*troubles, *document.alerts()])


def written(alerts: Iterable[Alert]) -> str:
    """The lines, of each level no more than are shown; the last one says how many more there are."""
    every = list(alerts)
    lines = []
    for failing, level in ((True, "error"), (False, "warning")):
        own = [one for one in every if one.failing == failing]
        if len(own) > SHOWN:
            rest = len(own) - SHOWN + 1
            own = [*own[: SHOWN - 1], Alert(failing, "probe", f"{rest} more, listed in the report")]
        for one in own:
            title = _escaped(one.title).replace(":", "%3A").replace(",", "%2C")
            lines.append(f"::{level} title={title}::{_escaped(one.message)}\n")
    return "".join(lines)


def _escaped(text: str) -> str:
    """As the runner reads it back."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
