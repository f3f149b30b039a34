"""The replay itself on a Dask cluster: equal to one process, though a worker dies in the middle."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random

import pytest

from probe.capture.cuts import cut
from probe.replay.cluster import executor
from probe.replay.run import ReplayOptions, replay
from probe.results.connection import Packet, Replay
from probe.spec.segment import Segment, parse_flags
from probe.spec.seq import Seq
from tests.fuzz.capturing import capture, written
from tests.replay.dask_cluster import cluster
from tests.replay.gate import Gate, wanted_behind_the_gate

pytest.importorskip("distributed", reason="needs the extra [cluster]: pip install 'handshake-probe[cluster]'")
SIZE = 50_000


def _long(rng: Random) -> list[Packet]:
    """An open, five large segments, a close; sometimes a SYN,ACK that acknowledges too much."""
    wrong = rng.random() < 0.1
    end = 1 + 5 * SIZE
    lines = [
        (True, "S", 0, 0, 0), (False, "S.", 0, 2 if wrong else 1, 0), (True, ".", 1, 1, 0),
        *((False, ".", 1 + SIZE * at, 1, SIZE) for at in range(5)),
        (False, "F.", end, 1, 0), (True, "F.", 1, end + 1, 0), (False, ".", end + 1, 2, 0),
    ]  # fmt: skip
    bases = {True: Seq(rng.getrandbits(32)), False: Seq(rng.getrandbits(32))}
    return [
        Packet(number, 0.0, side, Segment(bases[side] + seq, bases[not side] + ack, parse_flags(flags), 65535, size))
        for number, (side, flags, seq, ack, size) in enumerate(lines, 1)
    ]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """A large capture that is cut, connections going on over the cuts, and small ones."""
    folder = tmp_path_factory.mktemp("captures")
    rng = Random(7)
    (folder / "0.pcap").write_bytes(written([_long(rng) for _ in range(100)], rng))
    for index in range(1, 6):
        (folder / f"{index}.pcap").write_bytes(capture(rng))
    assert len(cut(str(folder / "0.pcap"), 8)) > 4
    return tuple(map(str, sorted(folder.iterdir())))


def _without_time(found: Replay) -> Replay:
    return replace(found, seconds=0.0)


def test_a_worker_that_dies_in_the_middle_changes_nothing(tmp_path: Path, files: tuple[str, ...]) -> None:
    alone = replay(ReplayOptions(files, workers=1))
    assert alone.connections > 100
    assert alone.verdicts.get("fail", 0) > 2
    with cluster(tmp_path, 2) as made, Gate() as gate, ThreadPoolExecutor(1) as aside:
        wanted = partial(wanted_behind_the_gate, port=gate.port, home=os.getpid())
        options = ReplayOptions(files, workers=30, wanted=wanted, executor=partial(executor, made.address))
        running = aside.submit(replay, options)
        doomed, other = gate.admit(), gate.admit()
        made.workers[doomed].kill()
        gate.open(other)
        found = running.result(90)
    assert _without_time(found) == _without_time(alone)


def test_files_are_found_though_workers_live_elsewhere(
    tmp_path: Path, files: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names are relative to where the user is, not to where the workers were started."""
    monkeypatch.chdir(Path(files[0]).parent)
    with cluster(tmp_path, 1) as made:
        found = replay(ReplayOptions(("1.pcap", "2.pcap"), executor=partial(executor, made.address)))
    assert not found.faults
    assert _without_time(found) == _without_time(replay(ReplayOptions(("1.pcap", "2.pcap"), workers=1)))
