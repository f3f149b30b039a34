"""`probe replay --live`: what reaches the session, what comes out, and what bad input says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from probe.live.options import ReenactOptions
from probe.results.verdict import Captured as CapturedStep
from probe.results.verdict import Departure, Run, Verdict
from probe.spec.segment import ACK, SYN, Endpoint, Flow, Segment
from probe.spec.seq import Seq
from probe.wire.craft import pack
from probe.wire.record import Recorder
from tests.cli.conftest import Invoke
from tests.reports.records import exchange, run

Captured = pytest.CaptureFixture[str]
HERE = "127.0.0.1:80"
CLIENT, SERVER = Endpoint("192.0.2.1", 40000), Endpoint("192.0.2.2", 80)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Endpoint, ReenactOptions]]:
    """What the session was asked; it answers with a departure."""
    seen: list[tuple[Endpoint, ReenactOptions]] = []

    def stand_in(target: Endpoint, options: ReenactOptions) -> Run:
        seen.append((target, options))
        steps = (CapturedStep(1, 0.0, ">", "S seq 0", 0), CapturedStep(2, 0.1, "<", "S. seq 0 ack 1"))
        return run(
            exchange(
                "replay-live",
                verdict=Verdict.PASS,
                departures=(Departure(2, "S. seq 0 ack 1", "nothing for 1.0 s"),),
                captured=steps,
            )
        )

    monkeypatch.setattr("probe.cli.run.reenact.play", stand_in)
    return seen


def test_options_reach_the_session(invoke: Invoke, asked: list[tuple[Endpoint, ReenactOptions]]) -> None:
    assert invoke("replay", "--live", HERE, "--connection", "3", "--profile", "rfc5961", "some.pcap") == 0
    assert asked == [(Endpoint("127.0.0.1", 80), ReenactOptions("some.pcap", 3, profile="rfc5961"))]


def test_departures_are_told_in_words(
    invoke: Invoke, asked: list[tuple[Endpoint, ReenactOptions]], capsys: Captured
) -> None:
    assert invoke("replay", "--live", HERE, "some.pcap") == 0
    out = capsys.readouterr().out
    assert "step 2: captured S. seq 0 ack 1, live nothing for 1.0 s" in out
    assert out.splitlines()[-1].endswith("; exit 0")


def test_json_has_the_departures(
    invoke: Invoke, asked: list[tuple[Endpoint, ReenactOptions]], capsys: Captured
) -> None:
    assert invoke("replay", "--live", HERE, "--json", "-", "some.pcap") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["exchanges"][0]["departures"] == [
        {"step": 2, "captured": "S. seq 0 ack 1", "live": "nothing for 1.0 s"}
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--connection", "1", "some.pcap"),
        ("--live", HERE, "--filter", "port=80", "some.pcap"),
        ("--live", HERE, "--show", "1", "some.pcap"),
        ("--live", HERE, "one.pcap", "two.pcap"),
        ("--live", "nonsense", "some.pcap"),
    ],
)
def test_nonsense_is_refused(arguments: tuple[str, ...], invoke: Invoke) -> None:
    assert invoke("replay", *arguments) == 2


def recording(path: Path, *segments: tuple[bool, Segment]) -> str:
    with Recorder(path) as recorder:
        for place, (from_client, segment) in enumerate(segments):
            flow = Flow(CLIENT, SERVER) if from_client else Flow(SERVER, CLIENT)
            recorder.add(pack(flow, segment), 1000.0 + place)
    return str(path)


def test_connection_that_does_not_exist(tmp_path: Path, invoke: Invoke, capsys: Captured) -> None:
    file = recording(tmp_path / "a.pcapng", (True, Segment(Seq(1), flags=SYN)))
    assert invoke("replay", "--live", HERE, "--connection", "7", file) == 2
    assert capsys.readouterr().err == f"probe: {file} has no connection 7: it holds 1 connection, numbered from 0\n"


def test_connection_without_its_clients_syn(tmp_path: Path, invoke: Invoke, capsys: Captured) -> None:
    file = recording(tmp_path / "a.pcapng", (False, Segment(Seq(1), Seq(9), SYN | ACK)))
    assert invoke("replay", "--live", HERE, file) == 2
    assert "has its client's SYN captured" in capsys.readouterr().err
    assert invoke("replay", "--live", HERE, "--connection", "0", file) == 2
    assert "the client's SYN was not captured" in capsys.readouterr().err


def test_capture_without_tcp(tmp_path: Path, invoke: Invoke, capsys: Captured) -> None:
    file = recording(tmp_path / "a.pcapng")
    assert invoke("replay", "--live", HERE, file) == 2
    assert capsys.readouterr().err.startswith(f"probe: {file} holds no TCP connection (no packet at all)")


def test_no_capture_at_all(tmp_path: Path, invoke: Invoke, capsys: Captured) -> None:
    file = tmp_path / "a.txt"
    file.write_text("this is no capture")
    assert invoke("replay", "--live", HERE, str(file)) == 4
    assert capsys.readouterr().err.count("\n") == 1
    assert invoke("replay", "--live", HERE, str(tmp_path / "missing")) == 4
