"""The examples of the READMEs that need no network print what they show."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.console import Block, examples, first_lacking, play


@pytest.mark.parametrize("block", examples(live=False), ids=lambda block: block.where)
def test_example(block: Block, tmp_path: Path) -> None:
    play(block, tmp_path)


@pytest.mark.parametrize(
    ("shown", "lacking"),
    [
        (("a", "b 1"), None),
        (("b 1",), "b 1"),
        (("…", "b 1"), None),
        (("…", "b 2"), "b 2"),
        (("a", "…", "c 0.5 s to"), None),
        (("a", "…", "c …"), None),
        (("a", "…", "a"), "a"),
        (("a", "b 1", "c 9.5 s to", "d"), "d"),
    ],
)
def test_a_line_that_is_not_printed_is_found(shown: tuple[str, ...], lacking: str | None) -> None:
    assert first_lacking(shown, ["a", "b 1", "c 1.5 s to"], exact=True) == lacking


def test_numbers_of_a_live_run_may_differ() -> None:
    assert first_lacking(("3 of 13  done", "----"), ["4 of 13 done", "------"], exact=False) is None
