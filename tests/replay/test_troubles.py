"""Trouble by server and cause: the same however a file is divided, true to the connections listed, bounded."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from probe.engine.judge.capture import ConnectionVerdict
from probe.replay import judging
from probe.replay.run import ReplayOptions, replay
from probe.replay.troubles import HOSTS, PORTS
from probe.results.connection import Replay
from probe.results.ending import Cause, End, Trouble
from probe.results.exit_codes import ExitCode
from probe.results.verdict import Verdict
from probe.spec.segment import ACK, FIN, RST, SYN
from tests.capture.build import EVENING, Frame, ethernet, ipv4, pcap, tcp
from tests.replay.parts import joined
from tests.replay.traffic import SECOND, messy

REFUSED = ((Cause.REFUSED, End.SERVER),)


@pytest.fixture(autouse=True)
def unjudged(monkeypatch: pytest.MonkeyPatch) -> None:
    """No connection is judged: no trouble rests on a verdict."""
    verdict = ConnectionVerdict((), (), (), Verdict.PASS, complete=True)
    monkeypatch.setattr(judging, "judge_connection", lambda *_: verdict)


def read(path: Path, frames: list[Frame]) -> Replay:
    path.write_bytes(pcap(frames))
    return replay(ReplayOptions((str(path),), workers=1))


def frame(time: float, source: str, target: str, ports: tuple[int, int], flags: int, *numbers: int) -> Frame:
    seq, ack = (*numbers, 0, 0)[:2]
    ends = ip_address(source).packed, ip_address(target).packed
    segment = tcp(b"".join(ends), *ports, seq, ack, flags)
    return Frame(ethernet(ipv4(segment, *ends)), EVENING + round(time * SECOND))


def refused(time: float, client: int, server: str, port: int) -> list[Frame]:
    here = "192.0.2.1"
    return [
        frame(time, here, server, (client, port), SYN, 100),
        frame(time + 0.001, server, here, (port, client), RST | ACK, 0, 101),
    ]


@pytest.mark.parametrize("seed", range(25))
def test_the_same_however_divided(seed: int, tmp_path: Path) -> None:
    frames, path, chance = messy(seed), tmp_path / "messy", random.Random(seed)
    whole = read(path, frames)
    ends = list(itertools.accumulate((16 + len(one.data) for one in frames), initial=24))[1:-1]
    for count in (1, 3, 6):
        places = sorted(chance.sample(ends, min(count, len(ends))))
        assert joined(path, places).troubles.told() == whole.troubles


@pytest.mark.parametrize("seed", range(10))
def test_counts_and_examples_are_those_of_the_connections(seed: int, tmp_path: Path) -> None:
    found = read(tmp_path / "messy", messy(seed))
    bad = [c for c in found.listed if any(one.trouble for one in c.causes)]
    alike = Counter((c.server, tuple((one.cause, one.by) for one in c.causes)) for c in bad)
    assert {(one.server, one.kind): one.count for one in found.troubles} == alike
    every = Counter(c.server for c in found.listed)
    for one in found.troubles:
        own = [c for c in bad if (c.server, tuple((o.cause, o.by) for o in c.causes)) == (one.server, one.kind)]
        first = min(own, key=lambda c: c.first_packet)
        assert (one.file, one.index, one.of) == (first.file, first.index, every[one.server])
        assert one.first == pytest.approx(min(c.start for c in own))
        assert one.last == pytest.approx(max(c.start + c.duration for c in own))


def test_many_ports_of_one_address_are_one_group(tmp_path: Path) -> None:
    path = tmp_path / "scan"
    frames = [f for n in range(PORTS + 1) for f in refused(n, 40000 + n, "192.0.2.9", 1 + n)]
    (one,) = read(path, frames).troubles
    assert (str(one.server.address), one.server.port, one.count, one.of, one.index) == ("192.0.2.9", 0, 17, 17, 0)
    assert joined(path, [24 + 10 * (16 + len(frames[0].data))]).troubles.told() == (one,)
    assert len(read(path, frames[2:]).troubles) == PORTS


def test_many_addresses_are_one_group(tmp_path: Path) -> None:
    path, count = tmp_path / "scan", HOSTS + 5
    frames = [f for n in range(count) for f in refused(n / 1000, 40000, f"10.1.{n >> 8}.{n & 255}", 80)]
    (one,) = read(path, frames).troubles
    assert (one.server.address, one.server.port, one.count, one.kind) == ("", 0, count, REFUSED)
    cuts = [24 + at * (16 + len(frames[0].data)) for at in (1000, 3000, 8100)]
    assert joined(path, cuts).troubles.told() == (one,)


def never_closed(end: float) -> list[Frame]:
    """A server that does not close, the client's FIN at second 1; then another connection at ``end``."""
    here, there, out, back = "192.0.2.1", "192.0.2.9", (40000, 80), (80, 40000)
    return [
        frame(0, here, there, out, SYN, 100),
        frame(0.1, there, here, back, SYN | ACK, 500, 101),
        frame(0.2, here, there, out, ACK, 101, 501),
        frame(1, here, there, out, FIN | ACK, 101, 501),
        frame(1.1, there, here, back, ACK, 501, 102),
        *refused(end, 41000, "192.0.2.8", 81),
    ]


@pytest.mark.parametrize(("end", "told"), [(30, False), (62, True)])
def test_what_a_file_ends_too_soon_for_is_no_trouble(end: float, told: bool, tmp_path: Path) -> None:
    path, frames = tmp_path / "left", never_closed(end)
    due = [((Cause.NEVER_CLOSED, End.SERVER),), REFUSED] if told else [REFUSED]
    whole = read(path, frames).troubles
    assert [one.kind for one in whole] == due
    for at in range(1, len(frames)):
        assert joined(path, [24 + sum(16 + len(one.data) for one in frames[:at])]).troubles.told() == whole


def test_over_files_the_example_is_of_the_first(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.pcap", "b.pcap")]
    for n, path in enumerate(paths):
        path.write_bytes(pcap(refused(10 - n, 40000, "192.0.2.9", 80)))
    (one,) = replay(ReplayOptions(tuple(map(str, paths)))).troubles
    assert isinstance(one, Trouble)
    assert (one.file, one.index, one.count, one.of) == (str(paths[0]), 0, 2, 2)
    assert one.last - one.first == pytest.approx(1.001)


def test_trouble_fails_a_replay_where_that_is_asked_for(tmp_path: Path) -> None:
    found = read(tmp_path / "refused", refused(0, 40000, "192.0.2.9", 80))
    assert (found.exit_code, replace(found, fail_on_trouble=True).exit_code) == (ExitCode.CONFORMS, ExitCode.VIOLATED)
    assert replace(found, troubles=(), fail_on_trouble=True).exit_code is ExitCode.CONFORMS
