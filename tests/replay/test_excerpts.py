"""A second look at a capture finds the segments of the connections asked for, and of no other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from probe.capture.reader import Reading
from probe.capture.sources import STDIN
from probe.replay import excerpts as module
from probe.replay.excerpts import excerpts
from probe.replay.extracting import extract
from probe.replay.run import ReplayOptions, replay
from tests.replay.test_run import traffic


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A capture of many connections on few four-tuples, read in small chunks."""
    monkeypatch.setitem(Reading.__init__.__kwdefaults__, "chunk", 4000)  # type: ignore[arg-type]
    return str(traffic(tmp_path, 60))


def test_segments_are_those_of_the_connection(path: str) -> None:
    listed = replay(ReplayOptions((path,))).listed
    found = excerpts(listed[7:50:9])
    assert len(found) == 5
    for connection in listed[7:50:9]:
        again = extract(path, connection.index)
        assert again.connection == connection
        assert found[path, connection.index] == tuple(enumerate(again.packets))


def test_of_a_long_one_its_ends_and_what_its_findings_name(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ENDS", 2)
    connection = replay(ReplayOptions((path,))).listed[3]
    places = [place for place, _ in excerpts([connection])[path, connection.index]]
    assert places == [0, 1, connection.packets - 2, connection.packets - 1]


def test_standard_input_and_what_is_gone_give_nothing(path: str) -> None:
    connection = replay(ReplayOptions((path,))).listed[0]
    Path(path).unlink()
    assert excerpts([connection, replace(connection, file=STDIN)]) == {}
