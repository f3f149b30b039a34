"""Connections out of chunks: where they begin and end, what is folded away, and what is held on to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from probe.capture.reader import Reading
from probe.replay.assembling import Assembler, Connections, ready
from probe.replay.cutting import CAP
from probe.spec.segment import FIN, RST
from tests.capture.build import EVENING, Frame, pcap
from tests.replay.reference import streams
from tests.replay.traffic import SECOND, Piece, captures, frame, talk


def assembled(path: Path, batch: int = 1 << 18) -> Iterator[Connections]:
    """All connections, in the order in which they are over."""
    assembler = Assembler(batch)
    for chunk in Reading(str(path), chunk=2000):
        yield from assembler.feed(chunk)
    yield from assembler.finish()


def written(folder: Path, frames: list[Frame]) -> Path:
    """The frames as a capture."""
    path = folder / "capture"
    path.write_bytes(pcap(frames))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where captures go."""
    return tmp_path


@given(captures())
def test_connections_begin_where_the_rule_for_single_segments_says(
    tmp_path_factory: pytest.TempPathFactory, frames: list[Frame]
) -> None:
    path = written(tmp_path_factory.mktemp("rule"), frames)
    found = sorted(
        (int(c.facts.index[n]), int(c.facts.first[n]), int(c.facts.packets[n]))
        for batch in (1, 7, 1 << 18)
        for c in assembled(path, batch)
        for n in range(len(c))
    )
    due = [(index, s.packets[0].number, len(s.packets)) for index, s in enumerate(streams(path))]
    assert found == sorted(due * 3)


def test_orderly_text_is_folded_into_bridges(folder: Path) -> None:
    path = written(folder, [frame(piece, 40000, EVENING + n) for n, piece in enumerate(talk(2000))])
    for batch in (16, 1 << 18):
        (connections,) = (c for c in assembled(path, batch) if len(c))
        assert connections.facts.packets.tolist() == [4007]
        rows = ready(connections).group.rows
        assert len(rows) < 16
        data = rows.take(rows.length > 0)
        assert data.seq[1:].tolist() == data.end[:-1].tolist()
        assert int(data.length.sum()) == 2000 * 500


def test_what_is_held_of_an_open_connection_does_not_grow(folder: Path) -> None:
    assembler = Assembler(64)
    path = written(folder, [frame(piece, 40000, EVENING + n) for n, piece in enumerate(talk(3000)[:-4])])
    for chunk in Reading(str(path), chunk=2000):
        assert not any(len(done) for done in assembler.feed(chunk))
        assert assembler.open is None or len(assembler.open.group.rows) < 16


def test_disorderly_text_is_cut_down(folder: Path) -> None:
    repeated = [piece for piece in talk(3000) for _ in range(1 + (piece.length > 0))]
    path = written(folder, [frame(piece, 40000, EVENING + n) for n, piece in enumerate(repeated)])
    (connections,) = (c for c in assembled(path, 512) if len(c))
    assert connections.facts.packets.tolist() == [len(repeated)]
    assert len(connections.group.rows) <= CAP
    assert (connections.group.rows.flags & FIN != 0).sum() == 2


def test_a_closed_connection_is_let_go_when_nothing_can_come_of_it(folder: Path) -> None:
    first = [frame(piece, 40000, EVENING + n) for n, piece in enumerate(talk(1))]
    later = [frame(piece, 40001, EVENING + 300 * SECOND + n) for n, piece in enumerate(talk(1))]
    assembler = Assembler(1)
    done: list[Connections] = []
    for chunk in Reading(str(written(folder, first + later)), chunk=2000):
        done += assembler.feed(chunk)
    assert sum(map(len, done)) == 1
    assert assembler.held == 1


def test_a_reset_after_silence_is_another_connection(folder: Path) -> None:
    pieces = [*talk(1), Piece(False, RST, 501, 0)]
    times = [EVENING + n for n in range(len(pieces) - 1)] + [EVENING + 241 * SECOND]
    frames = [frame(piece, 40000, time) for piece, time in zip(pieces, times, strict=True)]
    found = [int(n) for c in assembled(written(folder, frames)) for n in c.facts.packets]
    assert found == [len(pieces) - 1, 1]


def test_addresses_of_closed_connections_are_forgotten(folder: Path) -> None:
    frames = [frame(piece, 40000 + port, EVENING + n) for port in range(3) for n, piece in enumerate(talk(1)[:-1])]
    assembler = Assembler(1)
    reading = Reading(str(written(folder, frames)))
    before: list[tuple[str, ...]] = []
    for chunk in reading:
        list(assembler.feed(chunk))
        assert assembler.open is not None
        before = [tuple(map(str, chunk.addresses.ends(int(flow)))) for flow in assembler.open.facts.flow]
        new = assembler.renew(chunk.addresses)
        after = [tuple(map(str, new.ends(int(flow)))) for flow in assembler.open.facts.flow]
        assert sorted(after) == sorted(before)
        assert np.all(np.diff(assembler.open.group.rows.flow) >= 0)
    assert len(before) == 3
