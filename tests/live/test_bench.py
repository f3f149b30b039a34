"""The benchmarks run: each in a process of its own, as `make bench` and `make soak` start them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.bench.measure import Measure, benches
from tests.bench.soak import Watcher

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_one_bench_alone_prints_and_saves_its_figures(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    done = run("tests.bench", "--only", "wire", "--json", str(path))
    assert done.returncode == 0, done.stderr
    saved = json.loads(path.read_text(encoding="utf-8"))["measures"]
    assert {m["bench"] for m in saved} == {"wire"}
    assert all(m["what"] in done.stdout and m["value"] > 0 for m in saved)


def test_a_short_soak_loses_no_verdict() -> None:
    done = run("tests.bench.soak", "--seconds", "1", "--intervals", "2")
    assert done.returncode == 0, done.stderr
    assert "exchanges/s judged and recorded" in done.stdout


def test_a_soak_below_the_rate_that_is_due_says_so() -> None:
    done = run("tests.bench.soak", "--seconds", "0.2", "--at-least", "1e9")
    assert done.returncode == 1
    assert "1,000,000,000 are due" in done.stderr


def test_every_bench_has_a_name_of_its_own() -> None:
    names = [bench.name for bench in benches()]
    assert sorted(set(names)) == sorted(names)


def test_a_missed_bound_is_seen() -> None:
    assert Measure("rate", 500, "", at_least=500).met
    assert not Measure("rate", 499.9, "", at_least=500).met
    assert Measure("time", 1.99, "", below=2).met
    assert not Measure("time", 2.0, "", below=2).met


def test_memory_that_grows_is_seen_and_the_start_is_not() -> None:
    watcher = Watcher(1.0)
    watcher.rows = [(float(second), second * 4000, 60.0 + 20 * (second > 4)) for second in range(1, 30)]
    assert watcher.growth() == 0.0
    watcher.rows = [(float(second), second * 4000, 60.0 + second) for second in range(1, 30)]
    assert watcher.growth() is not None
    assert abs((watcher.growth() or 0.0) - 23.0) < 1e-9
