"""Documents as the tests of their formats want them: with an exit code and errors, rendered in one call."""

from __future__ import annotations

from dataclasses import replace

from probe.reports.builders import check, common, matrix, replay
from probe.reports.builders.replay import Replayed
from probe.reports.data import connection
from probe.reports.document import Document, Trouble
from probe.reports.formats import actions, as_json, junit, markdown, text
from probe.reports.formats.text import Style
from probe.results.connection import Recording, Replay
from probe.results.matrix import MatrixReport
from probe.results.verdict import Report


def document(
    found: Report | MatrixReport | Replay | Replayed,
    *,
    code: int | None = None,
    errors: list[str | Trouble] | None = None,
    show: common.Chosen = common.none,
    several: bool = False,
) -> Document:
    """The document of what was found; errors are no run's own."""
    if isinstance(found, Report):
        made, own = check.document(found, show, several=several), int(found.exit_code)
    elif isinstance(found, MatrixReport):
        made, own = matrix.document(found), int(found.exit_code)
    else:
        told = captures(found) if isinstance(found, Replay) else found
        made, own = replay.document(told), int(told.whole.exit_code)
    troubles = (one if isinstance(one, Trouble) else Trouble(one) for one in errors or [])
    return replace(made, code=own if code is None else code, errors=tuple(troubles))


def captures(found: Replay | None, *recordings: Recording, **fields: object) -> Replayed:
    """What a replay tells of these, every connection listed."""
    whole = found or Replay((), "rfc9293", 0, 0, {}, {}, {}, ())
    plain = Replayed(whole, found, recordings, lambda: map(connection, whole.listed), None)
    return replace(plain, **fields)  # type: ignore[arg-type]  # by the callers


def as_text(made: Document, style: Style | None = None) -> str:
    """As people read it."""
    return text.render(made, style)


def as_markdown(made: Document, room: int | None = None) -> str:
    """As a summary."""
    return markdown.fitted_document(made, room)


def as_data(made: Document) -> str:
    """As JSON."""
    return "".join(as_json.render(made))


def as_junit(made: Document) -> str:
    """As JUnit XML."""
    return "".join(junit.render(made))


def as_annotations(made: Document) -> str:
    """As GitHub's log shows it."""
    return actions.render(made)
