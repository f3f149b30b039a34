"""What a live check saves gives the results of the live check: all exchanges, faults, losses, our own kernel."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from probe.live.check import check
from probe.live.options import CheckOptions, SoakOptions
from probe.live.soak import soak
from probe.recording.reading import JudgedRecording, judge_recording
from probe.recording.sections import section_comment
from probe.results.verdict import ExchangeResult, Run, Verdict
from probe.spec.segment import Endpoint
from probe.wire.record import Recorder
from tests.live.far import Far
from tests.live.test_check import FAULTS, filtered, free_port


def saved(path: Path, target: Endpoint, options: CheckOptions) -> Run:
    with Recorder(path, section_comment("check", options.profile)) as recorder:
        return check(target, replace(options, recorder=recorder))


def readable(exchange: ExchangeResult) -> ExchangeResult:
    """Without what only the kernel knows of checksums that a card is to fill in."""
    steps = (replace(s, segment=replace(s.segment, checksum_known=True)) for s in exchange.steps)
    return replace(exchange, steps=tuple(steps))


def assert_alike(path: Path, live: Run) -> JudgedRecording:
    again = judge_recording(str(path))
    (run,) = again.report.runs
    assert [readable(e) for e in run.exchanges] == [readable(e) for e in live.exchanges]
    assert replace(run, exchanges=()) == replace(live, exchanges=())
    assert again.differences == ()
    return again


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("profile", ["rfc9293", "rfc5961"])
def test_every_exchange_comes_back(target: dict[int, Endpoint], tmp_path: Path, version: int, profile: str) -> None:
    path = tmp_path / "run.pcapng"
    again = assert_alike(path, saved(path, target[version], CheckOptions(profile=profile)))
    assert again.report.profile == profile


def test_two_runs_in_one_file_come_back(target: dict[int, Endpoint], tmp_path: Path) -> None:
    path = tmp_path / "run.pcapng"
    some = CheckOptions(only=("open", "close-by-*"))
    with Recorder(path) as recorder:
        live = [check(target[version], replace(some, recorder=recorder)) for version in (4, 6)]
    again = judge_recording(str(path)).report.runs
    assert [[readable(e) for e in run.exchanges] for run in again] == [[readable(e) for e in r.exchanges] for r in live]


@pytest.mark.parametrize(("rule", "exchange", "finding"), FAULTS)
def test_a_fault_comes_back(veth_pair: Far, tmp_path: Path, rule: str, exchange: str, finding: str) -> None:
    target = veth_pair.start_target()[4]
    filtered(veth_pair, rule)
    path = tmp_path / "run.pcapng"
    again = assert_alike(path, saved(path, target, CheckOptions(only=(exchange, "synack-retransmitted"), patience=0.4)))
    assert [f.rule for e in again.report.exchanges for f in e.findings] == [finding]


def test_lost_segments_come_back(veth_pair: Far, tmp_path: Path) -> None:
    target = veth_pair.start_target()[6]
    filtered(veth_pair, *(f"{hook} meta l4proto tcp numgen random mod 100 < 15 drop" for hook in ("input", "output")))
    path = tmp_path / "run.pcapng"
    assert_alike(path, saved(path, target, CheckOptions(only=("open", "close-by-*", "half-close", "abort-*"))))


def test_our_own_kernel_that_answered_comes_back(target: dict[int, Endpoint], tmp_path: Path) -> None:
    path = tmp_path / "run.pcapng"
    again = assert_alike(path, saved(path, target[4], CheckOptions(waits=False, guarded=False)))
    assert "our own kernel answered" in again.report.exchanges[0].reason
    assert Verdict.FAIL not in again.verdicts


def test_a_port_without_listener_comes_back(private_net: None, tmp_path: Path) -> None:
    path = tmp_path / "run.pcapng"
    closed = CheckOptions(only=("refused", "closed-*"))  # what is about a closed port; else the check ends in words
    assert_alike(path, saved(path, Endpoint("127.0.0.1", free_port()), closed))


def test_what_a_server_of_one_file_cannot_be_asked_for_comes_back(veth_pair: Far, tmp_path: Path) -> None:
    path = tmp_path / "run.pcapng"
    again = assert_alike(path, saved(path, veth_pair.start_target()[4], CheckOptions(waits=False, trigger="none")))
    assert again.verdicts[Verdict.SKIP]


@pytest.mark.parametrize("version", [4, 6])
def test_a_bulk_run_comes_back(target: dict[int, Endpoint], tmp_path: Path, version: int) -> None:
    path = tmp_path / "bulk.pcapng"
    with Recorder(path, section_comment("bulk", "rfc9293")) as recorder:
        live = soak(target[version], SoakOptions(count=200, trigger="target", recorder=recorder))
    again = judge_recording(str(path))
    assert again.verdicts == live.verdicts
    assert again.differences == ()
    assert [e.verdict for e in again.report.exchanges] == [Verdict.PASS]


def test_a_bulk_run_that_did_not_pass_comes_back(private_net: None, tmp_path: Path) -> None:
    """The port is shut once the first exchange is over."""
    path = tmp_path / "bulk.pcapng"
    with Recorder(path) as recorder, socket.create_server(("127.0.0.1", 0)) as server:
        options = SoakOptions(
            exchange="open", count=5, parallel=1, patience=0.1, recorder=recorder, progress=lambda _: server.close()
        )
        live = soak(Endpoint(*server.getsockname()), options)
    again = judge_recording(str(path))
    assert again.verdicts == live.verdicts == {Verdict.PASS: 1, Verdict.INCONCLUSIVE: 4}
    shown = [e for e in again.report.exchanges if e.verdict is not Verdict.PASS]
    assert [readable(e) for e in shown] == [readable(e) for e in live.shown]
