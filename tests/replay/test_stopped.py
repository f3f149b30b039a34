"""A connection that is not judged to its end: it says so, says where, and says the same in every process."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from probe.engine.belief.tracker import Memory
from probe.engine.judge import capture
from probe.engine.judge.capture import explain_connection, judge_connection
from probe.replay.extracting import extract
from probe.replay.run import ReplayOptions, replay
from probe.results.connection import Evidence, Packet, Stop
from probe.results.exit_codes import ExitCode
from probe.results.verdict import Finding, Known, Verdict, Why
from probe.spec.rules import Level
from probe.spec.segment import ACK, RST, SYN, Segment
from probe.spec.seq import Seq
from tests.capture.build import pcap
from tests.helpers.packets import talk
from tests.replay import traffic
from tests.reports.captured import connection

FLOOD = talk("> S 0, < S. 0 1, > . 1 1, " + ", ".join(f"> . {1 + 10 * n} 1 10" for n in range(8)) + ", < F. 1 9999")


def thin(path: Path) -> Path:
    """A long connection of which a third of all records are missing."""
    chance, pieces = random.Random(3), traffic.talk(60)
    kept = [piece for place, piece in enumerate(pieces) if place < 3 or chance.random() > 0.3]
    path.write_bytes(pcap([traffic.frame(piece, 40000, 1000 + place) for place, piece in enumerate(kept)]))
    return path


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A judge that follows two histories at most."""
    monkeypatch.setattr(capture, "_MANY", 1)


@pytest.mark.usefixtures("narrow")
def test_what_was_not_followed_is_no_pass_and_no_accusation() -> None:
    found = judge_connection(FLOOD, Memory())
    assert (found.word, found.why, found.findings) == (Verdict.INCONCLUSIVE, Why.TOO_MANY_HISTORIES, ())
    assert found.judged is not None
    assert found.judged + 1 < len(FLOOD)
    ends = explain_connection(FLOOD, Memory())
    stops = [end.walks[-1].stopped for end in ends if end.walks[-1].stopped]
    assert min(stops) == FLOOD[found.judged].number


def strays(seed: int) -> list[Packet]:
    """An open connection, and then segments with any numbers of a window, both ends' alike."""
    chance, isn = random.Random(seed), {True: Seq(1000), False: Seq(5000)}
    told = [(True, SYN, 0, 0, 0), (False, SYN | ACK, 0, 1, 0), (True, ACK, 1, 1, 0)]
    for _ in range(30):
        flags, length = chance.choice([ACK, ACK, ACK, RST, RST | ACK]), chance.choice([0, 1, 10, 100])
        told.append((chance.random() < 0.5, flags, chance.randint(1, 40), chance.randint(1, 40), length))
    return [
        Packet(
            at, at / 100, by, Segment(isn[by] + seq, isn[not by] + ack if flags & ACK else Seq(0), flags, 999, length)
        )
        for at, (by, flags, seq, ack, length) in enumerate(told, 1)
    ]


@pytest.mark.parametrize("most", [0, 300, 3000])
def test_work_is_bounded_whatever_is_remembered(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound it is no pass and no accusation; the same is said with the steps remembered."""
    monkeypatch.setattr(capture, "_MOST", most)
    memory, stopped = Memory(), 0
    for seed in range(3):
        found = judge_connection(strays(seed), Memory())
        assert [judge_connection(strays(seed), memory) for _ in range(2)] == [found] * 2
        stopped += found.why is Why.TOO_MANY_HISTORIES
        assert found.judged is None or found.word is not Verdict.PASS
    assert stopped
    ends = explain_connection(FLOOD, memory)
    assert most or all(end.walks[-1].stopped for end in ends)


@pytest.mark.usefixtures("narrow")
def test_listed_and_shown_it_says_where(tmp_path: Path) -> None:
    path = thin(tmp_path / "thin.pcap")
    run = replay(ReplayOptions((str(path),), workers=1))
    [listed] = run.listed
    assert listed.stopped is not None
    assert listed.stopped.packet < listed.stopped.last == listed.packets
    assert (listed.verdict, listed.evidence) == (Verdict.INCONCLUSIVE, Evidence.UNJUDGED)
    assert run.exit_code is ExitCode.INCONCLUSIVE
    assert extract(str(path), 0).connection == listed


def test_what_was_expected_of_it_does_not_make_it_a_pass() -> None:
    finding = Finding("close.fin-acked", Level.MUST, "", "", "", "")
    stopped = connection(
        findings=(finding,),
        verdict=Verdict.FAIL,
        known=(Known(finding.rule, "2026-01-01", "known"),),
        stopped=Stop(5, 9, Why.TOO_MANY_HISTORIES),
    )
    assert (stopped.news, stopped.expected) == (Verdict.INCONCLUSIVE, False)
    assert replace(stopped, stopped=None).news is Verdict.PASS


def test_the_same_whatever_the_hash_seed(tmp_path: Path) -> None:
    path = thin(tmp_path / "thin.pcap")
    program = (
        "import sys; from probe.engine.judge import capture; capture._MANY = int(sys.argv[2]);"
        "from probe.engine.belief import tracker; tracker._FEW = int(sys.argv[3]);"
        "from probe.cli import main; sys.exit(main(['replay', sys.argv[1], '--why', '0', '--json', '-', '--quiet']))"
    )
    for many, few in ((48, 2000), (48, 20), (5, 2000)):
        told = [said(program, seed, str(path), str(many), str(few)) for seed in (0, 1)]
        assert json.loads(told[0])["connections"]
        assert len(set(told)) == 1


def said(program: str, seed: int, *arguments: str) -> str:
    """What it prints, without what is the time of day."""
    command = [sys.executable, "-c", program, *arguments]
    environment = os.environ | {"PYTHONHASHSEED": str(seed)}
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=False, env=environment).stdout)
    return json.dumps(found | {"seconds": 0})
