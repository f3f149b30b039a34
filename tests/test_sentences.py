"""No decision hangs on a sentence: texts for people are written and printed, enums and fields decide."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / "probe").rglob("*.py"))

TEXTS = {
    *("reason", "note", "level_text", "due", "came", "sent", "title", "message", "sentence", "remark", "warning"),
    *("trouble", "caveat", "form", "evidence", "handshake", "close", "level", "why", "comment"),
}
"""What people read: attributes and variables of these names hold sentences, or texts in a notation for people.

Some are enums by now, which decide by identity; a comparison with a literal would be the text again.
"""
QUESTIONS = {
    *("startswith", "endswith", "partition", "rpartition", "rsplit", "removeprefix", "removesuffix"),
    *("match", "fullmatch", "search", "findall", "finditer", "sub"),
}
"""What asks a text for something in it; ``split`` does with a separator."""
ALLOWED = {
    "probe/recording": "comments are the format of a recording: a word of their own says what they are",
}


def name_of(node: ast.expr) -> str:
    """The last name of what is asked: ``finding.level`` is ``level``, ``level.lower()`` too."""
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case ast.Call(func=ast.Attribute(value=inner)) | ast.Subscript(value=inner):
            return name_of(inner)
    return ""


def is_text(node: ast.expr) -> bool:
    return name_of(node) in TEXTS


def is_literal(node: ast.expr) -> bool:
    """A text, or several; the empty one only asks whether there is any."""
    match node:
        case ast.Constant(value=str() as value):
            return value != ""
        case ast.Tuple(elts=some) | ast.Set(elts=some) | ast.List(elts=some):
            return any(map(is_literal, some))
    return False


def decisions(tree: ast.AST) -> Iterator[int]:
    """The lines on which a text is asked, or compared with a literal."""
    for node in ast.walk(tree):
        match node:
            case ast.Compare(left=left, comparators=others):
                sides = [left, *others]
                if any(map(is_text, sides)) and any(map(is_literal, sides)):
                    yield node.lineno
            case ast.Call(func=ast.Attribute(value=value, attr=name), args=given):
                asks = name in QUESTIONS or (name == "split" and given)
                if asks and (is_text(value) or any(map(is_text, given))):
                    yield node.lineno


@pytest.mark.parametrize(
    "line",
    [
        'reason.startswith("the application")',
        '"custom" not in finding.level',
        'run.summary.level == "SPEC"',
        're.match(r"due by", step.note)',
        'result.form.partition(" close")[0]',
        'found.handshake in ("followed", "refused")',
        'warning.split(": ")',
    ],
)
def test_a_decision_is_seen(line: str) -> None:
    assert list(decisions(ast.parse(line))) == [1]


@pytest.mark.parametrize("line", ['" ".join(message.split())', "reason or trouble", 'note == ""', "why is Why.SILENT"])
def test_what_only_writes_a_text_is_none(line: str) -> None:
    assert not list(decisions(ast.parse(line)))


def test_no_decision_hangs_on_a_sentence() -> None:
    found = {f"{path.relative_to(ROOT)}:{line}" for path in FILES for line in decisions(ast.parse(path.read_text()))}
    places = {place for place in found if not place.startswith(tuple(ALLOWED))}
    assert not places, "\n".join(sorted(places))
    unneeded = {one for one in ALLOWED if not any(place.startswith(one) for place in found)}
    assert not unneeded, f"no exception needed: {unneeded}"
