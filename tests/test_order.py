"""The order in which the tests run: whatever is dealt out, each test is there once, and no file's name is stale."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import LONG, dealt

HERE = Path(__file__).resolve().parent


def test_the_long_files_are_there() -> None:
    assert [name for name in LONG if not (HERE / name).is_file()] == []


@dataclass(frozen=True)
class Item:
    """A test, as far as its order goes."""

    nodeid: str


@pytest.mark.parametrize("workers", [2, 3, 4, 6])
def test_every_worker_begins_with_long_files_and_no_test_is_lost(workers: int) -> None:
    long = [Item(f"tests/{name}::test_{n}") for name in LONG for n in range(10)]
    short = [Item(f"tests/spec/test_seq.py::test_{n}") for n in range(2000)]
    found = dealt([*short, *long], workers)
    assert sorted(item.nodeid for item in found) == sorted(item.nodeid for item in [*short, *long])
    for worker in range(workers):
        size = len(found) // (workers - worker)
        hand, found = [item.nodeid for item in found[:size]], found[size:]
        known = [name.removeprefix("tests/").partition("::")[0] in LONG for name in hand]
        assert known == sorted(known, reverse=True)
        assert sum(known) >= 40
        assert len({name.startswith("tests/live/") for name in hand[: sum(known)]}) == 1
