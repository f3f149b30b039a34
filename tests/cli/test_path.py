"""`probe path`: what reaches the run, what comes out in every format, and the exit code."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from probe.live.options import CheckOptions
from probe.results import path as results
from probe.results.path import Standing, Suspect, Suspicion
from probe.results.path_run import Hop, PathRun
from probe.results.verdict import Verdict
from probe.spec.segment import Endpoint
from tests.cli.conftest import Invoke
from tests.helpers.results import document, lines

Captured = pytest.CaptureFixture[str]
HERE = "192.0.2.1:80"
FILTER = Suspicion(Suspect.FILTER, Standing.ACCEPTED, 9, 0, "a filter drops them", ("data-outside",), "invalid")
COOKIES = Suspicion(Suspect.COOKIES, Standing.REFUSED, 0, 1, "the listener repeats its SYN,ACK")
FOUND = PathRun(
    HERE,
    4,
    results.Path(results.Loss(50, 0), (FILTER, COOKIES)),
    answered=True,
    verdicts={Verdict.PASS: 7, Verdict.SKIP: 8},
    hops=(Hop(1, "198.51.100.1", alive=True), Hop(2), Hop(3, "198.51.100.3", alive=False)),
    sent="P. seq 1048577 ack 1 len 1",
)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Endpoint, CheckOptions]]:
    return answering(monkeypatch, FOUND)


def answering(monkeypatch: pytest.MonkeyPatch, found: PathRun) -> list[tuple[Endpoint, CheckOptions]]:
    calls: list[tuple[Endpoint, CheckOptions]] = []

    def stand_in(target: Endpoint, options: CheckOptions) -> PathRun:
        calls.append((target, options))
        return found

    monkeypatch.setattr("probe.live.path.path", stand_in)
    return calls


def test_options_reach_the_run(invoke: Invoke, asked: list[tuple[Endpoint, CheckOptions]]) -> None:
    assert invoke("path", HERE, "--patience", "2", "--seed", "9", "--profile", "rfc5961") == 0
    target, options = asked[0]
    assert target == Endpoint("192.0.2.1", 80)
    assert (options.patience, options.seed, options.profile) == (2.0, 9, "rfc5961")


@pytest.mark.parametrize("arguments", [("--expect", "known.toml"), ("--write-expect", "-"), ("127.0.0.1:81",)])
def test_wrong_usage_is_refused(
    arguments: tuple[str, ...], invoke: Invoke, asked: list[tuple[Endpoint, CheckOptions]]
) -> None:
    assert invoke("path", HERE, *arguments) == 2
    assert not asked


def test_the_report_names_suspects_and_hops(
    invoke: Invoke, asked: list[tuple[Endpoint, CheckOptions]], capsys: Captured
) -> None:
    assert invoke("path", HERE) == 0
    out = capsys.readouterr().out
    for told in (
        "a filter drops them",
        "was alive at 198.51.100.1 (hop 1), and no longer at hop 2",
        "0 of 50 lost, so below 5.8 % (95 %)",
        "rest on what it keeps back: data-outside",
        "7 pass, 0 fail, 0 warn, 0 inconclusive, 8 skip; exit 0",
    ):
        assert told in out


def test_every_format_says_the_same(
    invoke: Invoke, asked: list[tuple[Endpoint, CheckOptions]], tmp_path: Path, capsys: Captured
) -> None:
    files = {name: tmp_path / name for name in ("json", "jsonl", "junit", "markdown")}
    assert invoke("path", HERE, *(word for name, file in files.items() for word in (f"--{name}", str(file)))) == 0
    found = document(files["json"].read_text())
    assert found["path"]["suspicions"][0]["suspect"] == "stateful-filter"
    assert [hop["alive"] for hop in found["hops"]] == [True, None, False]
    assert found["counts"]["pass"] == 7
    assert [line["event"] for line in lines(files["jsonl"].read_text())] == ["begun", "summary"]
    assert "198.51.100.1" in files["markdown"].read_text()
    assert "<testcase" in files["junit"].read_text()


def test_a_target_without_connections_shows_nothing(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    answering(monkeypatch, replace(FOUND, answered=False, path=results.Path(), hops=(), sent="", verdicts={}))
    assert invoke("path", HERE, "--json", "-") == 3
    assert json.loads(capsys.readouterr().out)["exit_code"] == 3


@pytest.mark.parametrize(
    ("alive", "told"),
    [
        ((True, True), "S was alive at b, the last router before the target"),
        ((True, False), "S was alive at a (hop 1), and no longer at hop 2"),
        ((False, False), "S vanishes before the first router"),
        ((None, None), "S vanishes at an unknown hop"),
    ],
)
def test_where_it_vanishes(alive: tuple[bool | None, ...], told: str) -> None:
    hops = tuple(Hop(n, "" if is_alive is None else "ab"[n - 1], alive=is_alive) for n, is_alive in enumerate(alive, 1))
    assert replace(FOUND, sent="S", hops=hops).vanishes == told
