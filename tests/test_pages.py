"""The pages beside the code say what the code says, and none of their links leads nowhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.live.deviations import CELLS, EXCHANGES, Cells, Deviation, unread
from tests.live.found import known
from tests.pages import PARTS, ROOT, pages

WRITTEN = [
    *(ROOT / "probe").rglob("*.md"),
    *(ROOT / "tests").rglob("*.md"),
    ROOT / "captures/README.md",
    ROOT / "README.md",
]
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)(?:#[\w-]+)?\)")


def test_generated_parts_are_as_the_code_prints_them() -> None:
    behind = [str(page.relative_to(ROOT)) for page, text in pages().items() if page.read_text(encoding="utf-8") != text]
    assert not behind, f"behind: {', '.join(behind)}; python -m tests.pages writes them anew"


@pytest.mark.parametrize("name", [*EXCHANGES, *CELLS])
def test_what_was_found_of_a_stack_was_read_up_row_by_row(name: str) -> None:
    rows: tuple[Deviation | Cells, ...] = EXCHANGES.get(name) or CELLS[name]
    assert unread(known(name), rows) == set()


def test_every_generated_part_stands_on_a_page() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in WRITTEN)
    assert [name for name in PARTS if f"<!-- generated: {name} -->" not in text] == []


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert [link for link in LINK.findall(text) if not (page.parent / link).exists()] == []


def test_the_readme_lets_people_in() -> None:
    assert (ROOT / "README.md").read_text(encoding="utf-8").count("\n") <= 300
