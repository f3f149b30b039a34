"""However it is asked, the same is said of a connection: listed, shown, in parts, by workers, beside other files."""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from probe.capture import cuts
from probe.engine.belief.tracker import Memory
from probe.engine.judge.capture import ConnectionVerdict
from probe.replay import assembling, judging
from probe.replay import run as module
from probe.replay.extracting import extract
from probe.replay.run import ReplayOptions, replay
from probe.reports import data
from probe.reports.formats.as_jsonl import line
from probe.results.connection import Connection, Packet
from probe.results.verdict import Finding, Verdict
from probe.spec.rules import Level
from probe.spec.seq import Seq
from tests.capture.build import pcap
from tests.captures.expected import captures
from tests.replay.parts import joined
from tests.replay.traffic import messy


def listed(path: Path) -> list[Connection]:
    """The listing of one file by one process."""
    return sorted(replay(ReplayOptions((str(path),), workers=1)).listed, key=lambda c: c.index)


def in_parts(path: Path, places: Sequence[int]) -> list[Connection]:
    """Replay cut at these octets."""
    return sorted((entry.connection for entry in joined(path, places).listed), key=lambda c: c.index)


def told(packets: Sequence[Packet], memory: Memory, profile: str = "", asked: Seq | None = None) -> ConnectionVerdict:
    """Stands in for the judge: its finding says all that the judge was given."""
    given = f"{asked} " + " ".join(f"{p.time - packets[0].time:.6f} {p.from_client} {p.segment}" for p in packets)
    finding = Finding("given", Level.MUST, "", given, "", "", tuple(range(1, len(packets) + 1)))
    return ConnectionVerdict((), (), (finding,), Verdict.FAIL, complete=True, by_client=(True,))


@pytest.mark.parametrize("seed", range(40))
def test_the_judge_is_given_the_same(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much is worked on at a time, wherever the file is cut, and where the connection is looked for alone."""
    monkeypatch.setattr(judging, "judge_connection", told)
    frames, path, chance = messy(seed), tmp_path / "messy", random.Random(seed)
    path.write_bytes(pcap(frames))
    whole = listed(path)
    for batch in (1, 50):
        with monkeypatch.context() as patch:
            patch.setattr(assembling.Assembler.__init__, "__defaults__", (batch,))
            assert listed(path) == whole
    ends = list(itertools.accumulate((16 + len(one.data) for one in frames), initial=24))[1:-1]
    for count in (1, 3):
        assert in_parts(path, sorted(chance.sample(ends, min(count, len(ends))))) == whole
    for connection in chance.sample(whole, min(3, len(whole))):
        assert extract(str(path), connection.index).connection == connection


@pytest.fixture(scope="module")
def alone() -> dict[Path, list[Connection]]:
    """The listing of every curated capture, each by itself."""
    return {path: listed(path) for path in captures()}


def everything(alone: dict[Path, list[Connection]]) -> list[Connection]:
    """All of them, in the order of the files and in the files."""
    return [connection for some in alone.values() for connection in some]


def test_shown_as_listed(alone: dict[Path, list[Connection]]) -> None:
    chance = random.Random(1)
    for path, some in alone.items():
        for connection in chance.sample(some, min(3, len(some))):
            assert extract(str(path), connection.index).connection == connection


@pytest.mark.parametrize("runs", [1, 3])
def test_by_workers_and_beside_others(
    alone: dict[Path, list[Connection]], runs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In small parts; all files at once, or a third of them at a time: each has other neighbours."""
    monkeypatch.setattr(cuts.cut, "__defaults__", (1000,))
    monkeypatch.setattr(module, "PART_LISTED", 9000)
    paths = list(map(str, alone))
    found = [
        connection
        for run in range(runs)
        for connection in replay(ReplayOptions(tuple(paths[run::runs]), workers=2)).listed
    ]
    place = {path: at for at, path in enumerate(paths)}
    assert sorted(found, key=lambda c: (place[c.file], c.index)) == everything(alone)


@pytest.mark.parametrize("seed", ["0", "1"])
def test_every_output_says_it_whatever_the_hash_seed(
    alone: dict[Path, list[Connection]], seed: str, tmp_path: Path
) -> None:
    due = [json.loads(line(data.connection_line(connection))) for connection in everything(alone)]
    whole, lines = tmp_path / "whole.json", tmp_path / "lines.jsonl"
    files = ("--connections", "--workers", "1", "--jsonl", str(lines), *map(str, alone))
    by_the_command(seed, *files, "--json", str(whole))
    assert [bare(one) for one in json.loads(whole.read_text())["connections"]] == [bare(one) for one in due]
    events = [json.loads(one) for one in lines.read_text().splitlines()]
    events = [one for one in events if one["event"] == "connection"]
    place = {str(path): at for at, path in enumerate(alone)}
    assert sorted(events, key=lambda one: (place[one["file"]], one["index"])) == due
    for one, option in zip(random.Random(seed).sample(due, 3), ("--show", "--why", "--why"), strict=True):
        shown = json.loads(by_the_command(seed, one["file"], option, str(one["index"]), "--json", "-"))
        assert [bare(found) for found in shown["connections"]] == [bare(one)]


def by_the_command(seed: str, *arguments: str) -> str:
    """What `probe replay` prints; its exit code is left to others."""
    command = [sys.executable, "-m", "probe", "replay", "--quiet", *arguments]
    environment = os.environ | {"PYTHONHASHSEED": seed}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment).stdout


def bare(told: dict[str, Any]) -> dict[str, Any]:
    """A connection without what says where it is told, or was asked for beyond it."""
    beyond = {"schema_version", "command", "event", "segments", "ends"}
    return {key: value for key, value in told.items() if key not in beyond}
