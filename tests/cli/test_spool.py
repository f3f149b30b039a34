"""Rows of a document that may be long: given out in order, kept on disk, and what is lost with a full one is told."""

from __future__ import annotations

import tempfile
import tracemalloc
from pathlib import Path

import pytest

from probe.cli.output.spool import Spool
from probe.wire.errors import WireError


def test_rows_come_in_the_order_of_files_and_indices() -> None:
    spool = Spool()
    for file, index in (("b", 2), ("a", 1), ("b", 0), ("a", 0)):
        spool.put(file, index, f"{file}{index} \N{LATIN SMALL LETTER E WITH ACUTE}")
    told = [row.partition(" ")[0] for row in spool.rows(["a", "c", "b"])]
    assert told == ["a0", "a1", "b0", "b2"]
    spool.put("a", 2, "late")
    assert list(spool.rows(["a"]))[-1] == "late"
    spool.close()


def test_memory_does_not_grow_with_the_rows() -> None:
    spool, text = Spool(), "x" * 1000
    tracemalloc.start()
    for index in range(20_000):
        spool.put("a", index, text)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
    assert sum(map(len, spool.rows(["a"]))) == 20_000_000
    spool.close()


def test_a_full_disk_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("r+b", buffering=0) as full:
        monkeypatch.setattr(tempfile, "TemporaryFile", lambda: full)
        spool = Spool()
        with pytest.raises(WireError, match="set TMPDIR to a folder with room"):
            spool.put("a", 0, "x")
        spool.put("a", 1, "x")
