"""Bulk runs against a real stack: every exchange has its verdict, and the recording holds them all."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from probe.live import ports as sources
from probe.live.options import SoakOptions
from probe.live.soak import soak
from probe.results.verdict import Verdict
from probe.spec.segment import Endpoint
from probe.wire.record import Recorder

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
    with socket.socket(family) as unserved:
        unserved.bind((ANYWHERE[version], 0))  # not listening: every SYN is refused
        closed = Endpoint(ANYWHERE[version], unserved.getsockname()[1])
        result = soak(closed, SoakOptions(count=5, patience=0.1))
    assert result.verdicts == {Verdict.INCONCLUSIVE: 5}
    assert (result.attempts, result.doubtful) == (15, 15)
    assert {e.reason for e in result.shown} == {"connection refused: nothing listens on the port"}
    assert [e.attempts for e in result.shown] == [3] * 5


def test_interrupted_it_still_tells_of_every_exchange(target: dict[int, Endpoint]) -> None:
    def at_forty(judged: int) -> None:
        if judged == 40:
            raise KeyboardInterrupt

    result = soak(target[4], SoakOptions(trigger="target", progress=at_forty))
    assert result.interrupted
    assert sum(result.verdicts.values()) == result.exchanges >= 40
    assert result.verdicts[Verdict.PASS] >= 40
