"""Two seconds of every campaign, and the machinery: what goes wrong is found, saved, and can be repeated."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from tests.fuzz import __main__ as command
from tests.fuzz.campaign import Campaign, WrongError, campaigns
from tests.fuzz.worker import failure

ROOT = Path(__file__).resolve().parents[2]
SEED = 9293


@pytest.mark.parametrize("campaign", campaigns(), ids=lambda campaign: campaign.name)
def test_two_seconds(campaign: Campaign) -> None:
    until, case = time.monotonic() + 2, SEED
    while time.monotonic() < until:
        found = failure(campaign, case, deadline=False)  # pytest-timeout has the alarm clock
        assert found is None, found.story
        case += 1


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.fuzz", *words], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )


def test_the_command_runs_a_campaign() -> None:
    done = _run("--only", "packets", "--seconds", "1", "--workers", "2", "--seed", str(SEED))
    assert (done.returncode, done.stderr) == (0, "")
    assert f"--seed {SEED}" in done.stdout
    assert "cases: nothing found" in done.stdout


def test_a_case_is_repeated() -> None:
    done = _run("--repeat", "captures:12")
    assert (done.returncode, done.stdout.strip()) == (0, "nothing is wrong with it")
    assert _run("--repeat", "nonsense").returncode == 2


def test_interrupted_it_says_what_it_did() -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "tests.fuzz", "--only", "packets", "--seconds", "90", "--workers", "1"],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert running.stdout is not None
    with running.stdout:
        assert next(line for line in running.stdout if line.startswith("packets:"))
        running.send_signal(signal.SIGINT)
        rest = running.stdout.read()
    assert running.wait(60) == 130
    assert "interrupted" in rest


def _raises(rng: Random) -> None:
    raise ValueError(rng.random())


def _is_wrong(rng: Random) -> None:
    raise WrongError("a kind", f"a story {rng.random()}")


@pytest.mark.parametrize(
    ("case", "where"), [(_raises, "ValueError at tests/fuzz/test_smoke.py:"), (_is_wrong, "a kind")]
)
def test_a_failure_is_named_and_saved(
    case: object, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(case)
    campaign = Campaign("captures", "", case)
    found = failure(campaign, 7, deadline=False)
    assert found is not None
    assert found.where.startswith(where)
    monkeypatch.setattr(command, "FOUND", tmp_path / "found")
    command._report(found)
    saved = sorted(path.suffix for path in (tmp_path / "found").iterdir())
    assert saved == [".capture", ".txt"]
    assert "again: python -m tests.fuzz --repeat captures:7" in capsys.readouterr().out
