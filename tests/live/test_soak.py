"""Soaks of a real stack: every exchange has its verdict, the recording holds them all, and what happened is told."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from probe.live import ports as sources
from probe.live.options import SoakOptions
from probe.live.pacing import Pace
from probe.live.soak import soak
from probe.results.verdict import Verdict
from probe.spec.segment import Endpoint
from probe.wire.errors import UnansweredError
from probe.wire.record import Recorder
from tests.live.test_check import free_port

COUNT = 300
ANYWHERE = {4: "127.0.0.1", 6: "::1"}


@pytest.mark.parametrize("version", [4, 6])
def test_every_exchange_has_its_verdict_and_its_packets(
    target: dict[int, Endpoint], tmp_path: Path, version: int
) -> None:
    path = tmp_path / "bulk.pcapng"
    with Recorder(path) as recorder:
        result = soak(target[version], SoakOptions(count=COUNT, trigger="target", recorder=recorder))
    assert result.verdicts == {Verdict.PASS: COUNT}
    assert result.exchanges == COUNT
    assert sum(result.forms.values()) == COUNT
    assert not result.shown
    assert recorder.count >= 8 * COUNT
    assert path.read_bytes().count(b"probe-run ") == result.attempts


def test_a_run_for_a_time_ends(target: dict[int, Endpoint]) -> None:
    result = soak(target[4], SoakOptions(seconds=0.3, trigger="target"))
    assert 0.3 <= result.seconds < 5
    assert sum(result.verdicts.values()) == result.exchanges > 0


def test_a_port_used_again_opens_anew_where_the_peer_is_in_time_wait(
    target: dict[int, Endpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "PORTS", 8)
    options = SoakOptions(exchange="close-by-peer", count=60, parallel=4, trigger="target")
    assert soak(target[4], options).verdicts == {Verdict.PASS: 60}


@pytest.mark.parametrize("version", [4, 6])
def test_what_is_in_doubt_is_tried_again_before_it_has_a_verdict(private_net: None, version: int) -> None:
    family = socket.AF_INET6 if version == 6 else socket.AF_INET
    with socket.socket(family) as served:
        served.bind((ANYWHERE[version], 0))
        served.listen()
        target = Endpoint(ANYWHERE[version], served.getsockname()[1])

        def gone_after_the_first(judged: int) -> None:
            served.close()  # from now on every SYN is refused

        options = SoakOptions(exchange="open", count=5, parallel=1, patience=0.1, progress=gone_after_the_first)
        result = soak(target, options)
    assert result.verdicts == {Verdict.PASS: 1, Verdict.INCONCLUSIVE: 4}
    assert {e.reason for e in result.shown} == {"connection refused: nothing listens on the port"}
    assert [e.attempts for e in result.shown][:3] == [3] * 3  # then the peer counts as gone


@pytest.mark.parametrize("version", [4, 6])
def test_a_port_that_is_not_served_is_one_sentence(private_net: None, version: int) -> None:
    with pytest.raises(UnansweredError, match="refuses connections"):
        soak(Endpoint(ANYWHERE[version], 9), SoakOptions(seconds=60.0))


def test_interrupted_it_still_tells_of_every_exchange(target: dict[int, Endpoint]) -> None:
    def at_forty(judged: int) -> None:
        if judged == 40:
            raise KeyboardInterrupt

    result = soak(target[4], SoakOptions(trigger="target", progress=at_forty))
    assert result.interrupted
    assert sum(result.verdicts.values()) == result.exchanges >= 40
    assert result.verdicts[Verdict.PASS] >= 40


def test_times_are_measured_and_nothing_is_left_on_the_peer(target: dict[int, Endpoint]) -> None:
    result = soak(target[4], SoakOptions(count=100))
    assert result.handshake is not None
    assert result.whole is not None
    assert result.handshake.count == result.whole.count == 100
    for found in (result.handshake, result.whole):
        assert 0 < found.least <= found.median <= found.p90 <= found.p99 <= found.most < 10
    assert result.handshake.median < result.whole.median
    assert (result.left, result.outages, result.first) == ({}, (), None)


def test_what_the_peer_closed_first_stays_in_time_wait(target: dict[int, Endpoint]) -> None:
    assert soak(target[4], SoakOptions(exchange="close-by-peer", count=5)).left == {"TIME-WAIT": 5}


def test_the_rate_asked_for_is_kept(target: dict[int, Endpoint]) -> None:
    result = soak(target[4], SoakOptions(seconds=1.0, pace=Pace(20)))
    assert result.exchanges <= 22


def test_a_peer_that_dies_and_returns_is_noticed_with_the_time(private_net: None) -> None:
    port = free_port()

    def listener() -> socket.socket:
        return socket.create_server(("127.0.0.1", port), backlog=64)

    first, again = listener(), list[socket.socket]()
    served = threading.Thread(target=serve, args=(first,), daemon=True)
    served.start()
    counted: list[int] = []

    def progress(judged: int) -> None:
        counted.append(judged)
        if judged == 30:
            first.shutdown(socket.SHUT_RDWR)
            first.close()
        if judged > 30 and time.monotonic() > began + 4 and not again:
            again.append(listener())
            threading.Thread(target=serve, args=(again[0],), daemon=True).start()

    began = time.monotonic()
    options = SoakOptions(seconds=8, parallel=2, patience=0.1, progress=progress)
    result = soak(Endpoint("127.0.0.1", port), options)
    again[0].shutdown(socket.SHUT_RDWR)  # a socket that somebody accepts on outlives its close
    again[0].close()
    assert len(result.outages) == 1
    outage = result.outages[0]
    assert outage.reason == "connection refused: nothing listens on the port"
    assert outage.ended is not None
    assert result.began < outage.began < outage.ended < result.began + result.seconds
    assert result.verdicts[Verdict.PASS] > 30
    assert result.exchanges == sum(result.verdicts.values())


def serve(listener: socket.socket) -> None:
    """Close each connection once the peer has."""
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            connection.recv(100)


@pytest.mark.parametrize(
    "arguments", [("--for", "1"), ("--count", "40", "-6"), ("--exchange", "close-by-peer", "--count", "9")]
)
def test_the_command_soaks_the_lab(arguments: tuple[str, ...], tmp_path: Path) -> None:
    saved = tmp_path / "p.pcapng"
    words = [sys.executable, "-m", "probe", "soak", *arguments, "--save", str(saved)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    again = subprocess.run(
        [sys.executable, "-m", "probe", "replay", str(saved)], capture_output=True, text=True, timeout=120, check=False
    )
    assert again.returncode == 0, again.stdout + again.stderr


def test_ctrl_c_ends_the_command_with_its_report() -> None:
    words = [sys.executable, "-m", "probe", "soak", "--jsonl", "/dev/stderr"]
    running = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stderr is not None
    lines = iter(running.stderr.readline, "")
    assert any('"counts"' in line for line in lines)
    os.kill(running.pid, signal.SIGTERM)
    out, _ = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "interrupted; exit 130" in out
