"""Work handed to a Dask cluster: the same results as in one process, whatever dies on the way."""

from __future__ import annotations

import socket
import sys
from concurrent.futures import Future, as_completed
from contextlib import closing
from pathlib import Path

import pytest

from probe.capture.cuts import cut
from probe.capture.reader import Part
from probe.replay import cluster as module
from probe.replay.cluster import executor
from probe.wire.errors import WireError
from tests.capture.build import conversation, frames, pcap
from tests.replay.dask_cluster import cluster
from tests.replay.gate import Gate, counted, counted_behind_the_gate

pytest.importorskip("distributed", reason="needs the extra [cluster]: pip install 'handshake-probe[cluster]'")
PARTS = 8


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[Part]:
    """A capture of 64,000 records, cut."""
    path = tmp_path_factory.mktemp("captures") / "long.pcap"
    path.write_bytes(pcap(frames((*conversation(4, 8), *conversation(6, 8)) * 4000)))
    found = cut(str(path), PARTS, least=1)
    assert len(found) == PARTS
    return found


def test_a_worker_that_dies_in_the_middle_costs_nothing(tmp_path: Path, parts: list[Part]) -> None:
    """Equal to one process: nothing lost, nothing double."""
    with cluster(tmp_path, 2) as made, Gate() as gate, executor(made.address) as pool:
        futures = [pool.submit(counted_behind_the_gate, part, gate.port) for part in parts]
        doomed, other = gate.admit(), gate.admit()
        assert {doomed, other} == set(made.workers)
        made.workers[doomed].kill()
        ran = 1
        gate.open(other)
        while ran < PARTS:
            assert gate.admit() == other
            gate.open(other)
            ran += 1
        results = [future.result(60) for future in futures]
    assert results == [counted(part) for part in parts]
    assert sum(result.records for result in results) == 64_000


def test_results_come_as_they_are_done(tmp_path: Path, parts: list[Part]) -> None:
    with cluster(tmp_path, 2) as made, executor(made.address) as pool:
        places: dict[Future[object], int] = {pool.submit(counted, part): at for at, part in enumerate(parts)}
        done = {places[future]: future.result() for future in as_completed(places, timeout=60)}
        assert list(pool.map(counted, parts)) == [done[at] for at in range(PARTS)]
    assert [done[at] for at in range(PARTS)] == [counted(part) for part in parts]


def test_what_the_work_raises_comes_back(tmp_path: Path) -> None:
    with cluster(tmp_path, 1) as made, executor(made.address) as pool:
        with pytest.raises(Exception, match="no-such-file: cannot be opened") as caught:
            pool.submit(counted, Part("no-such-file")).result(60)
        assert type(caught.value).__name__ == "CaptureError"


def test_work_that_kills_every_worker_is_given_up(tmp_path: Path, parts: list[Part]) -> None:
    """Dask tries four workers; then the work is to blame."""
    with cluster(tmp_path, 1) as made, Gate() as gate, executor(made.address) as pool:
        future = pool.submit(counted_behind_the_gate, parts[0], gate.port)
        for _ in range(4):
            victim = gate.admit()
            made.workers[victim].kill()
            made.add_worker()
        with pytest.raises(WireError, match="4 Dask workers died at the same work"):
            future.result(60)


def test_a_scheduler_that_goes_away_ends_the_wait(tmp_path: Path, parts: list[Part]) -> None:
    with cluster(tmp_path, 1) as made, Gate() as gate, executor(made.address, patience=4) as pool:
        future = pool.submit(counted_behind_the_gate, parts[0], gate.port)
        gate.admit()
        made.scheduler.kill()
        with pytest.raises(WireError, match=f"connection to the Dask scheduler at {made.address} was lost"):
            future.result(60)


def test_leaving_does_not_wait_for_work_that_is_given_up(tmp_path: Path, parts: list[Part]) -> None:
    with cluster(tmp_path, 1) as made, Gate() as gate:
        pool = executor(made.address)
        future = pool.submit(counted_behind_the_gate, parts[0], gate.port)
        gate.admit()
        pool.shutdown(wait=False, cancel_futures=True)
        assert future.exception(60) is not None
        pool.shutdown()


def test_no_scheduler_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(WireError, match=f"cannot reach a Dask scheduler at '127.0.0.1:{port}' .*'dask scheduler'"):
        executor(f"127.0.0.1:{port}", patience=0.5)


def test_a_listener_that_never_speaks() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(WireError, match=r"nothing came in 0\.5 seconds"):
            executor(f"127.0.0.1:{port}", patience=0.5)


@pytest.mark.parametrize("address", ["", "host", "host:port", "what://host:1"])
def test_no_address(address: str) -> None:
    with pytest.raises(WireError, match="give host:port"):
        executor(address, patience=0.5)


def test_a_scheduler_without_workers(tmp_path: Path) -> None:
    with (
        cluster(tmp_path, 0) as made,
        pytest.raises(WireError, match="has no workers: start some with 'dask worker tcp"),
    ):
        executor(made.address, hiring=0.5)


def test_workers_of_another_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "__version__", "9.9")
    with (
        cluster(tmp_path, 1) as made,
        pytest.raises(WireError, match=r"has version .* of handshake-probe: install 9\.9"),
    ):
        executor(made.address)


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(WireError, match=r"pip install 'handshake-probe\[cluster\]'"):
        executor("127.0.0.1:1")
