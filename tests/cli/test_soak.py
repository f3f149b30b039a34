"""`probe soak`: what reaches the session, what comes out in every format, and the exit code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from probe.cli.options.targets import Peer
from probe.live.options import SoakOptions
from probe.results.soak import Latency, Outage, SoakResult
from probe.results.verdict import CloseForm, Verdict
from probe.spec.segment import Endpoint
from tests.cli.conftest import Invoke
from tests.helpers import results
from tests.reports.records import UNANSWERED, exchange

Captured = pytest.CaptureFixture[str]
HERE = "127.0.0.1:80"
FAILED = exchange("close-by-us", Verdict.FAIL, findings=(UNANSWERED,))
RESULT = SoakResult(
    target=HERE,
    ip_version=4,
    exchange="close-by-us",
    title="close by us",
    profile="rfc9293",
    began=1_700_000_000.0,
    seconds=2.0,
    exchanges=1000,
    attempts=1003,
    verdicts={Verdict.PASS: 999, Verdict.FAIL: 1},
    forms={CloseForm.FOUR: 1000},
    doubtful=3,
    handshake=Latency(999, 0.0001, 0.0002, 0.0003, 0.0004, 1.5),
    whole=Latency(999, 0.001, 0.002, 0.003, 0.004, 2.5),
    first=FAILED,
    shown=(FAILED,),
    left={"CLOSE-WAIT": 2},
    outages=(Outage(1_700_000_001.0, 1_700_000_001.5, "no answer to our SYN"),),
)
PASSED = replace(RESULT, verdicts={Verdict.PASS: 1000}, first=None, shown=())


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Endpoint, SoakOptions]]:
    """What the session was asked; it tells once of how it goes, and one exchange of its thousand fails."""
    return answering(monkeypatch, RESULT)


def answering(monkeypatch: pytest.MonkeyPatch, result: SoakResult) -> list[tuple[Endpoint, SoakOptions]]:
    calls: list[tuple[Endpoint, SoakOptions]] = []

    def stand_in(target: Endpoint, options: SoakOptions) -> SoakResult:
        calls.append((target, options))
        if options.told is not None:
            options.told(replace(result, exchanges=500))
        return result

    monkeypatch.setattr("probe.live.soak.soak", stand_in)
    return calls


@pytest.mark.parametrize(
    ("written", "seconds"), [("90", 90.0), ("90s", 90.0), ("5m", 300.0), ("2h", 7200.0), ("1d", 86400.0), ("0.5", 0.5)]
)
def test_the_time_may_have_a_unit(
    written: str, seconds: float, invoke: Invoke, asked: list[tuple[Endpoint, SoakOptions]]
) -> None:
    assert invoke("soak", HERE, "--for", written) == 1
    assert asked[0][1].seconds == seconds


@pytest.mark.parametrize(
    "arguments",
    [
        ("--for", "0"),
        ("--for", "nan"),
        ("--for", "5 weeks"),
        ("--count", "0"),
        ("--rate", "inf"),
        ("--exchange", "close-by-usw"),
        ("--expect", "known.toml"),
        ("--write-expect", "-"),
        ("127.0.0.1:81",),
    ],
)
def test_wrong_usage_is_refused(
    arguments: tuple[str, ...], invoke: Invoke, asked: list[tuple[Endpoint, SoakOptions]]
) -> None:
    assert invoke("soak", HERE, *arguments) == 2
    assert not asked


def test_options_reach_the_session(invoke: Invoke, asked: list[tuple[Endpoint, SoakOptions]]) -> None:
    words = "--exchange close-by-peer --count 7 --parallel 3 --rate 50 --trigger http --profile rfc5961 --seed 9"
    assert invoke("soak", HERE, *words.split()) == 1
    target, options = asked[0]
    assert target == Endpoint("127.0.0.1", 80)
    assert (options.exchange, options.count, options.parallel, options.trigger) == ("close-by-peer", 7, 3, "http")
    assert (options.profile, options.seed) == ("rfc5961", 9)
    assert options.pace is not None
    assert options.pace.gap == 0.02


def test_the_report_names_rate_times_outages_and_what_is_left(
    invoke: Invoke, asked: list[tuple[Endpoint, SoakOptions]], capsys: Captured
) -> None:
    assert invoke("soak", HERE) == 1
    out = capsys.readouterr().out
    assert "1,000 exchanges over 1,003 connections in 2.0 s" in out
    assert "500 a second" in out
    assert "no answer to our SYN" in out
    assert "2 in CLOSE-WAIT on the peer" in out
    assert "the first exchange that departed" in out
    assert UNANSWERED.rule in out
    assert out.splitlines()[-1] == "probe: 999 pass, 1 fail, 0 warn, 0 inconclusive, 0 skip; exit 1"


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (PASSED, 0),
        (replace(PASSED, verdicts={Verdict.INCONCLUSIVE: 3}), 3),
        (replace(PASSED, interrupted=True), 130),
        (replace(RESULT, interrupted=True), 1),
        (replace(PASSED, trouble="eth0 is down", interrupted=True), 4),
    ],
)
def test_the_verdicts_decide_the_exit_code(
    result: SoakResult, code: int, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, result)
    assert invoke("soak", HERE) == code


def test_every_format_is_as_published(
    invoke: Invoke, asked: list[tuple[Endpoint, SoakOptions]], tmp_path: Path
) -> None:
    names = ("json", "jsonl", "junit", "markdown", "save")
    assert invoke("soak", HERE, *(word for name in names for word in (f"--{name}", str(tmp_path / name)))) == 1
    text = {name: (tmp_path / name).read_text(encoding="utf-8") for name in names[:-1]}
    found = results.document(text["json"])
    assert (found["exchanges"], found["counts"]["fail"], found["left"]) == (1000, 1, {"CLOSE-WAIT": 2})
    assert found["first"]["id"] == "close-by-us"
    assert [line["event"] for line in results.lines(text["jsonl"])] == ["begun", "counts", "summary"]
    results.junit(text["junit"])
    assert UNANSWERED.rule in text["markdown"]
    assert (tmp_path / "save").stat().st_size > 0


def test_one_exchange_is_played(invoke: Invoke, asked: list[tuple[Endpoint, SoakOptions]], capsys: Captured) -> None:
    assert invoke("soak", HERE, "--exchange", "close-by-us*") == 2
    assert "names 2 exchanges: choose one" in capsys.readouterr().err
    assert asked == []


def test_a_target_of_both_versions_must_be_told_apart(
    invoke: Invoke, asked: list[tuple[Endpoint, SoakOptions]], capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def both(text: str, versions: object) -> list[Peer]:
        return [Peer(Endpoint("192.0.2.1", 80)), Peer(Endpoint("2001:db8::1", 80))]

    monkeypatch.setattr("probe.cli.options.targets.resolve", both)
    assert invoke("soak", "somewhere:80") == 2
    assert "somewhere:80 has two addresses, 192.0.2.1:80 and [2001:db8::1]:80: choose" in capsys.readouterr().err
