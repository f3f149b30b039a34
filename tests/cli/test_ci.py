"""What pipelines use: reports in files, expected deviations, what fails a run, GitHub's files, and bad input."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

import pytest

from probe.cli.options import expectations as expecting
from probe.cli.output import github
from probe.live.options import CheckOptions
from probe.results.verdict import ExchangeResult, Expected, Run, Verdict
from probe.spec.segment import Endpoint
from probe.wire.errors import WireError
from tests.cli.conftest import Invoke, StandIn
from tests.helpers.results import document, junit, lines
from tests.reports.records import UNANSWERED, exchange, run

Captured = pytest.CaptureFixture[str]
HERE = "127.0.0.1:80"
ENTRY = {"exchange": "close-by-us", "rule": "close.fin-acked", "date": "2026-01-31", "reason": "old firmware"}


def failed() -> ExchangeResult:
    return exchange("close-by-us", Verdict.FAIL, findings=(UNANSWERED,))


def listed(path: Path, **change: object) -> str:
    """A file of one expectation."""
    path.write_text(json.dumps({"deviation": [{**ENTRY, **change}]}))
    return str(path)


def test_every_report_is_written_and_as_published(
    invoke: Invoke, peer: StandIn, tmp_path: Path, capsys: Captured
) -> None:
    peer.replies = [run(exchange(), failed()), WireError("no right")]
    names = {"--json": "r.json", "--jsonl": "r.jsonl", "--junit": "r.xml", "--markdown": "r.md"}
    assert invoke("check", HERE, HERE, *(w for o, n in names.items() for w in (o, str(tmp_path / n)))) == 1
    assert document((tmp_path / "r.json").read_text())["exit_code"] == 1
    events = lines((tmp_path / "r.jsonl").read_text())
    assert [e["event"] for e in events] == ["begun", "exchange", "exchange", "ended", "begun", "summary"]
    assert (events[-1]["exit_code"], events[-1]["errors"]) == (1, ["no right"])
    root = junit((tmp_path / "r.xml").read_text())
    assert (root.get("failures"), root.get("errors")) == ("1", "1")
    assert "```mermaid" in (tmp_path / "r.md").read_text()
    assert capsys.readouterr().out.splitlines()[-1].endswith("; exit 1")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(names.values())


def test_an_exchange_is_a_line_as_soon_as_it_is_judged(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = tmp_path / "events"

    def check(target: Endpoint, options: CheckOptions) -> Run:
        assert options.told is not None
        options.told(exchange(target=str(target), ip_version=4))
        assert [e["event"] for e in lines(where.read_text())] == ["begun", "exchange"]
        return run(exchange(), failed(), target=str(target))

    monkeypatch.setattr("probe.live.check.check", check)
    assert invoke("check", HERE, "--jsonl", str(where)) == 1
    found = lines(where.read_text())
    assert [e.get("id", e["event"]) for e in found] == ["begun", "open", "close-by-us", "ended", "summary"]


@pytest.mark.parametrize("option", ["--jsonl", "--junit", "--markdown", "--json", "--write-expect"])
def test_a_document_on_standard_output_stands_alone(
    option: str, invoke: Invoke, peer: StandIn, capsys: Captured
) -> None:
    del peer
    assert invoke("check", HERE, option, "-") == 0
    out = capsys.readouterr().out
    assert not out.splitlines()[-1].startswith("probe:")
    assert out


@pytest.mark.parametrize("option", ["--jsonl", "--junit", "--markdown", "--write-expect"])
@pytest.mark.parametrize("command", [("check", HERE), ("matrix", HERE), ("listen", "9")])
def test_an_unwritable_file_is_noticed_before_the_run(
    option: str, command: tuple[str, ...], invoke: Invoke, peer: StandIn, capsys: Captured, tmp_path: Path
) -> None:
    assert invoke(*command, option, str(tmp_path / "missing" / "x")) == 4
    seen = capsys.readouterr()
    assert seen.err.startswith("probe: cannot write ")
    assert (seen.err.count("\n"), seen.out, peer.calls) == (1, "", [])


@pytest.mark.parametrize("option", ["--jsonl", "--junit", "--markdown", "--write-expect"])
def test_a_full_disk_costs_the_file_but_not_the_results(
    option: str, invoke: Invoke, peer: StandIn, capsys: Captured
) -> None:
    del peer
    assert invoke("check", HERE, option, "/dev/full") == 4
    seen = capsys.readouterr()
    assert seen.out.splitlines()[-1] == "probe: 1 pass, 0 fail, 0 warn, 0 inconclusive, 0 skip; exit 4"
    assert seen.err.count("no space left") == 1


@pytest.mark.parametrize(
    "arguments", [("--junit", "a", "--markdown", "./a"), ("--json", "-", "--jsonl", "-"), ("--fail-on", "fail")]
)
def test_wrong_usage_is_refused(arguments: tuple[str, ...], invoke: Invoke, peer: StandIn) -> None:
    assert invoke("check", HERE, *arguments) == 2
    assert peer.calls == []


# -- what fails a run --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("asked", "code"), [((), 3), (("warn",), 3), (("inconclusive",), 1)])
def test_fail_on(asked: tuple[str, ...], code: int, invoke: Invoke, peer: StandIn) -> None:
    peer.answers(Verdict.INCONCLUSIVE)
    assert invoke("check", HERE, *(w for one in asked for w in ("--fail-on", one))) == code


def test_an_expected_deviation_does_not_fail_the_run(
    invoke: Invoke, peer: StandIn, capsys: Captured, tmp_path: Path
) -> None:
    peer.replies = [run(exchange(), failed())]
    assert invoke("check", HERE, "--expect", listed(tmp_path / "known.json"), "--json", str(tmp_path / "r")) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1] == "probe: 1 pass, 0 fail, 0 warn, 0 inconclusive, 0 skip, 1 expected; exit 0"
    assert "EXPECTED close-by-us: close.fin-acked" in out
    assert "known since 2026-01-31: old firmware" in out
    found = document((tmp_path / "r").read_text())
    assert (found["counts"]["fail"], found["counts"]["expected"]) == (0, 1)
    assert found["expected"][0]["fate"] == "occurs"


def test_an_expectation_that_is_gone_is_told(invoke: Invoke, peer: StandIn, capsys: Captured, tmp_path: Path) -> None:
    peer.replies = [run(exchange("close-by-us"))]
    assert invoke("check", HERE, "-q", "--expect", listed(tmp_path / "known.json")) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "close.fin-acked in close-by-us no longer occurs (expected since 2026-01-31, old firmware)" in told


@pytest.mark.parametrize("name", ["known.toml", "known.json"])
def test_a_written_list_makes_the_next_run_pass(name: str, invoke: Invoke, peer: StandIn, tmp_path: Path) -> None:
    peer.replies = [run(failed()), run(failed())]
    where = str(tmp_path / name)
    assert invoke("check", HERE, "--write-expect", where) == 1
    assert invoke("check", HERE, "--expect", where, "--write-expect", where) == 0
    assert [one.exchange for one in expecting.read(where)] == ["close-by-us"]


def test_a_written_list_is_toml_whatever_is_in_it(tmp_path: Path) -> None:
    odd = Expected("open", "open.syn-ack", "2026-01-31", 'a "b" \\ \x7f\x01 ü\n', "[::1]:80", 6)
    (entry,) = tomllib.loads(expecting.text([odd], "x.toml"))["deviation"]
    assert (entry["reason"], entry["target"], entry["ip_version"]) == (odd.reason, odd.target, 6)


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"rulle": "x"}, "unknown key 'rulle'"),
        ({"exchange": "close-by-uss"}, "there is no exchange 'close-by-uss': did you mean close-by-us"),
        ({"rule": "close.fin-acket"}, "there is no rule 'close.fin-acket': did you mean close.fin-acked"),
        ({"date": "yesterday"}, "date: 'yesterday' will not do"),
        ({"reason": " "}, "reason: ' ' will not do"),
        ({"ip_version": 5}, "ip_version: 5 will not do"),
        ({"target": 7}, "target: 7 will not do"),
    ],
)
def test_a_slip_in_the_list_is_named(
    change: dict[str, object], hint: str, invoke: Invoke, peer: StandIn, capsys: Captured, tmp_path: Path
) -> None:
    assert invoke("check", HERE, "--expect", listed(tmp_path / "known.json", **change)) == 2
    err = capsys.readouterr().err
    assert hint in err
    assert (err.count("\n"), peer.calls) == (1, [])


@pytest.mark.parametrize(
    ("content", "code", "hint"),
    [
        ("x = 1\n", 2, "unknown table or key 'x'"),
        ("x = \n", 2, "it is no TOML"),
        ("deviation = 1\n", 2, "is a list of tables"),
        ("[[deviation]]\nexchange = 'open'\n", 2, "rule is missing"),
        (None, 4, "cannot read"),
    ],
)
def test_a_list_that_is_none_is_refused(
    content: str | None, code: int, hint: str, invoke: Invoke, peer: StandIn, capsys: Captured, tmp_path: Path
) -> None:
    where = tmp_path / "known.toml"
    if content is not None:
        where.write_text(content)
    assert invoke("check", HERE, "--expect", str(where)) == code
    err = capsys.readouterr().err
    assert hint in err
    assert (err.count("\n"), peer.calls) == (1, [])


def test_cells_of_the_matrix_may_be_expected(tmp_path: Path) -> None:
    (one,) = expecting.read(listed(tmp_path / "known.json", exchange="ESTABLISHED:SYN+*"))
    assert one.exchange == "ESTABLISHED:SYN+*"


# -- GitHub Actions ----------------------------------------------------------------------------------------------------


def test_under_github_actions_findings_are_annotated_and_the_last_line_stays(
    invoke: Invoke, peer: StandIn, capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    summary = tmp_path / "summary"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    peer.replies = [run(failed())]
    assert invoke("check", HERE) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("::error title=close.fin-acked in close-by-us::")
    assert out[-1].startswith("probe: ")
    assert summary.read_text().startswith("before\n## probe check: 1 of 1 exchanges failed\n")


def test_annotations_leave_a_document_on_standard_output_alone(
    invoke: Invoke, peer: StandIn, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    peer.replies = [run(failed())]
    assert invoke("check", HERE, "--json", "-") == 1
    seen = capsys.readouterr()
    document(seen.out)
    assert "::error" in seen.err


def test_a_summary_that_cannot_be_written_is_told_and_costs_nothing(
    invoke: Invoke, peer: StandIn, capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    del peer
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "missing" / "summary"))
    assert invoke("check", HERE) == 0
    assert "cannot write the step summary" in capsys.readouterr().err


def test_a_summary_has_the_room_that_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    where = tmp_path / "summary"
    where.write_bytes(bytes(1000))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(where))
    rooms: list[int] = []

    def render(room: int) -> str:
        rooms.append(room)
        return "x" * room

    github.summarize(render)
    assert rooms == [1024 * 1024 - 1001]
    assert os.stat(where).st_size == 1024 * 1024  # noqa: PTH116


def test_what_ends_a_run_before_it_begins_is_an_annotation_too(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert invoke("check", HERE, "--netns", "no-such") == 4
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[1].startswith("::error title=probe::there is no network namespace no-such")
