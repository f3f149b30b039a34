"""Replay, folded, remembered and cut to pieces, says what judging every packet of every connection says."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probe.capture import cuts
from probe.capture.reader import Part, Reading
from probe.replay import assembling as assemble
from probe.replay import run as module
from probe.replay.run import ReplayOptions, replay
from probe.results.connection import Connection, Replay
from probe.results.listing import Entry
from probe.spec.segment import RST
from probe.wire.errors import WireError
from tests.capture.build import EVENING, Frame, pcap
from tests.replay.reference import Summary, summaries
from tests.replay.test_one_path import in_parts
from tests.replay.traffic import REPEATED, Piece, captures, frame, talk

SLOW = settings(deadline=None, suppress_health_check=list(HealthCheck))


def summary(connection: Connection) -> Summary:
    """A connection as ``reference.summaries`` writes it."""
    c = connection
    steps = [tuple((s.state, s.packet) for s in states) for states in (c.client_states, c.server_states)]
    return (
        c.index, c.first_packet, c.packets, c.opener, c.handshake, c.close, *steps, c.syn_again, c.syn_ack_again,
        c.fin_again, c.evidence, c.conn_state, c.history, c.completeness,
        tuple((f.rule, f.packets) for f in c.findings), str(c.verdict),
    )  # fmt: skip


def summaries_of(connections: tuple[Connection, ...]) -> list[Summary]:
    """In the order of the file."""
    return [summary(c) for c in sorted(connections, key=lambda c: c.index)]


def folded_and_in_full(frames: list[Frame], batch: int) -> tuple[list[Summary], list[Summary]]:
    """What replay says of a capture, working on so many segments at a time, and what it must say."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(assemble.Assembler.__init__, "__defaults__", (batch,))
        path = Path(folder) / "capture"
        path.write_bytes(pcap(frames))
        found = replay(ReplayOptions((str(path),), workers=1))
        assert sum(found.counts.values()) == sum(found.verdicts.values()) == found.connections == len(found.listed)
        return summaries_of(found.listed), summaries(path)


BATCHES = st.sampled_from([1, 8, 1 << 18])


@SLOW
@given(captures(trouble=REPEATED), BATCHES)
def test_what_is_folded_and_remembered_is_what_all_packets_say(frames: list[Frame], batch: int) -> None:
    ours, due = folded_and_in_full(frames, batch)
    assert ours == due


@SLOW
@given(captures(), BATCHES)
def test_so_is_what_does_not_hang_on_histories_where_records_are_missing(frames: list[Frame], batch: int) -> None:
    """How far the judge follows the many histories of a thin record depends on how many segments it has to follow."""
    ours, due = folded_and_in_full(frames, batch)
    assert [(*one[:6], *one[8:11], *one[12:15]) for one in ours] == [(*one[:6], *one[8:11], *one[12:15]) for one in due]


@SLOW
@given(captures(), st.data())
def test_cut_to_pieces_it_is_the_same(frames: list[Frame], data: st.DataObject) -> None:
    ends = [24]
    for one in frames:
        ends.append(ends[-1] + 16 + len(one.data))
    places = sorted(data.draw(st.sets(st.sampled_from(ends[1:-1]), max_size=4))) if len(ends) > 2 else []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "capture"
        path.write_bytes(pcap(frames))
        whole = replay(ReplayOptions((str(path),), workers=1)).listed
        assert in_parts(path, places) == sorted(whole, key=lambda c: c.index)


def traffic(folder: Path, connections: int = 300) -> Path:
    """A capture of many connections on few four-tuples."""
    pieces = [
        piece._replace(seq=piece.seq + number * 10_000, ack=piece.ack + number * 10_000 if piece.ack else 0)
        for number in range(connections)
        for piece in talk(2)
    ]
    length = len(talk(2))
    frames = [frame(p, 40000 + at // length % 7, EVENING + at * 1_000_000) for at, p in enumerate(pieces)]
    path = folder / "many"
    path.write_bytes(pcap(frames))
    return path


@pytest.fixture
def several(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a few thousand octets."""
    monkeypatch.setattr(cuts.cut, "__defaults__", (1000,))
    monkeypatch.setattr(module, "PART", 9000)
    monkeypatch.setattr(module, "PART_LISTED", 9000)


def without_time(found: Replay) -> Replay:
    """The result but for how long it took."""
    return replace(found, seconds=0.0)


@pytest.mark.usefixtures("several")
def test_processes_give_what_one_gives(tmp_path: Path) -> None:
    path = traffic(tmp_path)
    seen: list[tuple[int, int | None]] = []
    alone = replay(ReplayOptions((str(path), str(path)), workers=1))
    spread = replay(ReplayOptions((str(path), str(path)), workers=2, progress=lambda *told: seen.append(told)))
    assert alone.connections == 600
    assert without_time(spread) == without_time(alone)
    size = path.stat().st_size * 2
    assert len(seen) > 4
    assert seen[-1] == (size, size)


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize("limit", [0, 3, 1000])
def test_the_worst_are_listed(tmp_path: Path, limit: int) -> None:
    path = traffic(tmp_path)
    data = path.read_bytes()
    reset = [frame(piece, 50000, EVENING) for piece in talk(1)[:4]] + [frame(Piece(False, RST, 500, 0), 50000, EVENING)]
    path.write_bytes(data + pcap(reset)[24:])
    for workers in (1, 2):
        found = replay(ReplayOptions((str(path),), workers=workers, limit=limit))
        assert found.connections == 301
        assert len(found.listed) == min(limit, 301)
        assert [c.close for c in found.listed[:1]] == ["reset by server"][:limit]


class Taken:
    """Keeps what it is handed; interrupts when told to."""

    def __init__(self, interrupts: bool = False) -> None:
        self.taken: list[list[Entry]] = []
        self.interrupts = interrupts

    def take(self, connections: Sequence[Entry]) -> None:
        self.taken.append(list(connections))
        if self.interrupts and len(self.taken) == 3:
            os.kill(os.getpid(), signal.SIGINT)
            self.taken[-1].sort(key=lambda c: c.ordinal)  # some time goes by

    def flush(self) -> None:
        pass

    @property
    def connections(self) -> list[Connection]:
        """All, in the order of the file."""
        return sorted((c.connection for some in self.taken for c in some), key=lambda c: c.index)


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize("workers", [1, 2])
def test_none_is_lost_where_ctrl_c_comes_while_they_are_handed_on(
    tmp_path: Path, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assemble.Assembler.__init__, "__defaults__", (500,))
    monkeypatch.setitem(Reading.__init__.__kwdefaults__, "chunk", 4000)  # type: ignore[arg-type]
    sink = Taken(interrupts=True)
    found = replay(ReplayOptions((str(traffic(tmp_path)),), workers=workers, limit=3, sink=sink))
    assert found.interrupted
    assert len(sink.connections) == found.connections < 300


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize("workers", [1, 2])
def test_connections_are_handed_on_as_they_are_known(
    tmp_path: Path, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assemble.Assembler.__init__, "__defaults__", (500,))
    monkeypatch.setitem(Reading.__init__.__kwdefaults__, "chunk", 4000)  # type: ignore[arg-type]
    path = traffic(tmp_path)
    due = replay(ReplayOptions((str(path),), workers=1)).listed
    sink = Taken()
    options = ReplayOptions((str(path),), workers=workers, limit=3, sink=sink)
    found = replay(options)
    assert len(sink.taken) > 4
    assert sink.connections == sorted(due, key=lambda c: c.index)
    assert found.listed == replay(replace(options, sink=None)).listed
    assert len(found.listed) == 3


def only_port(connection: Connection) -> bool:
    """A filter that can be sent to another process."""
    return connection.client.port == 40003


@pytest.mark.usefixtures("several")
def test_only_what_is_wanted_is_listed(tmp_path: Path) -> None:
    for wanted in (only_port, lambda c: c.client.port == 40003):
        found = replay(ReplayOptions((str(traffic(tmp_path)),), workers=2, wanted=wanted))
        assert found.connections == 300
        assert {c.client.port for c in found.listed} == {40003}


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize("workers", [1, 2])
def test_what_stands_before_a_fault_counts(tmp_path: Path, workers: int) -> None:
    path = traffic(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + b"\xff" * 400 + data[len(data) // 2 + 400 :])
    whole = tmp_path / "whole"
    whole.write_bytes(data)
    found = replay(ReplayOptions((str(path), str(whole)), workers=workers))
    assert [(file, offset) for file, offset, _ in found.faults] == [(str(path), found.faults[0][1])]
    assert abs(found.faults[0][1] - len(data) // 2) < 700
    assert 440 < found.connections < 460
    assert found.exit_code == 4


@pytest.mark.usefixtures("several")
def test_a_wrong_cut_is_put_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = traffic(tmp_path)
    alone = replay(ReplayOptions((str(path),), workers=1))

    def wrong(file: str, parts: int) -> list[Part]:
        right = cuts.cut(file, parts, 1000)
        moved = [part.start + (5 if n % 2 else 0) for n, part in enumerate(right)]
        return [Part(file, at, end, p.first) for at, end, p in zip(moved, [*moved[1:], None], right, strict=True)]

    monkeypatch.setattr(module, "cut", wrong)
    assert without_time(replay(ReplayOptions((str(path),), workers=2))) == without_time(alone)


class Mortal(ThreadPoolExecutor):
    """An executor whose every seventh task dies with its worker."""

    given = 0

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401
        type(self).given += 1
        if type(self).given % 7 == 0:
            dead: Future[Any] = Future()
            dead.set_exception(BrokenProcessPool("a worker died"))
            return dead
        return super().submit(fn, *args, **kwargs)


@pytest.mark.usefixtures("several")
def test_nothing_is_lost_with_a_worker(tmp_path: Path) -> None:
    path = traffic(tmp_path)
    alone = replay(ReplayOptions((str(path),), workers=1))
    made: list[Executor] = []

    def make() -> Executor:
        made.append(Mortal(2))
        return made[-1]

    found = replay(ReplayOptions((str(path),), workers=2, executor=make))
    assert without_time(found) == without_time(alone)
    assert len(made) > 2


@pytest.mark.usefixtures("several")
def test_workers_that_always_die_are_told_of(tmp_path: Path) -> None:
    class Dying(ThreadPoolExecutor):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401
            raise BrokenProcessPool("a worker died")

    with pytest.raises(WireError, match="keep dying"):
        replay(ReplayOptions((str(traffic(tmp_path)),), executor=lambda: Dying(1)))


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize("workers", [1, 2])
def test_interrupted_it_tells_what_it_has(tmp_path: Path, workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(Reading.__init__.__kwdefaults__, "chunk", 4000)  # type: ignore[arg-type]
    path = traffic(tmp_path)

    def interrupt(done: int, _: int | None) -> None:
        if done > path.stat().st_size // 2:
            raise KeyboardInterrupt

    found = replay(ReplayOptions((str(path),), workers=workers, progress=interrupt))
    assert found.interrupted
    assert 100 < found.connections < 290
    assert found.exit_code == 130
