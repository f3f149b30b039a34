"""What pipelines use of `probe replay`: Markdown, annotations, expectations, what fails it, the deadline, bad input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from probe.live.options import ReenactOptions
from probe.recording.reading import JudgedRecording
from probe.recording.sections import section_comment
from probe.results.verdict import Run, Verdict
from probe.spec.segment import Endpoint
from probe.wire.record import Recorder
from tests.cli.conftest import Invoke
from tests.helpers.results import document, junit, lines
from tests.reports.captured import connection, replay
from tests.reports.records import UNANSWERED, exchange, report, run

Captured = pytest.CaptureFixture[str]
HAND_BUILT = Path(__file__).resolve().parents[2] / "captures" / "hand-built"
MOVES = str(HAND_BUILT / "fin-moves-v4.pcapng")
LATE_TEXT = str(HAND_BUILT / "data-after-fin-by-client-v6.pcapng")
GOOD = str(HAND_BUILT / "close-by-three-segments-v4.pcapng")
ENTRY = {"exchange": "capture", "rule": "aclose.fin-retransmit", "date": "2026-01-31", "reason": "old firmware"}
LIVE = ("--live", "127.0.0.1:80", "some.pcap")


def listed(path: Path, **change: object) -> str:
    """A file of one expectation."""
    path.write_text(json.dumps({"deviation": [{**ENTRY, **change}]}))
    return str(path)


def counts(out: str) -> str:
    return out.splitlines()[-1].partition(", ")[2]


@pytest.fixture
def recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file that is known for a recording; judged again, one exchange of it fails."""
    path = tmp_path / "run.pcapng"
    with Recorder(path, section_comment("check", "rfc9293")) as recorder:
        recorder.add(bytes.fromhex("4500") + bytes(38), 1.0)
    failed = exchange("close-by-us", Verdict.FAIL, findings=(UNANSWERED,))
    again = JudgedRecording(report(run(exchange(), failed), command="replay"), {Verdict.PASS: 1, Verdict.FAIL: 1})
    monkeypatch.setattr("probe.recording.reading.judge_recording", lambda path, profile: again)
    return str(path)


def test_every_report_is_written_and_as_published(invoke: Invoke, tmp_path: Path, capsys: Captured) -> None:
    names = {"--json": "r.json", "--jsonl": "r.jsonl", "--junit": "r.xml", "--markdown": "r.md"}
    assert invoke("replay", MOVES, GOOD, *(w for o, n in names.items() for w in (o, str(tmp_path / n)))) == 1
    found = document((tmp_path / "r.json").read_text())
    assert (found["late"], found["expected"], found["counts"]["expected"]) == (False, [], 0)
    (bad,) = [c for c in found["connections"] if c["findings"]]
    assert bad["blamed"] == [{"address": "192.0.2.2", "port": 80}]
    assert [e["event"] for e in lines((tmp_path / "r.jsonl").read_text())] == ["connection", "connection", "summary"]
    assert junit((tmp_path / "r.xml").read_text()).get("failures") == "1"
    shown = (tmp_path / "r.md").read_text()
    assert shown.startswith("## probe replay 2 files: 1 of 2 connections failed\n")
    assert "  S->>C: F. seq 5 ack 1\n" in shown
    assert capsys.readouterr().out.splitlines()[-1].endswith("; exit 1")


@pytest.mark.parametrize("option", ["--jsonl", "--junit", "--markdown", "--json", "--write-expect"])
def test_a_document_on_standard_output_stands_alone(option: str, invoke: Invoke, capsys: Captured) -> None:
    assert invoke("replay", GOOD, option, "-") == 0
    out = capsys.readouterr().out
    assert out
    assert not out.splitlines()[-1].startswith("probe:")


@pytest.mark.parametrize("option", ["--jsonl", "--junit", "--markdown", "--json", "--write-expect"])
@pytest.mark.parametrize("command", [(GOOD,), LIVE])
def test_an_unwritable_file_is_noticed_before_anything_is_read(
    option: str, command: tuple[str, ...], invoke: Invoke, capsys: Captured, tmp_path: Path
) -> None:
    assert invoke("replay", *command, option, str(tmp_path / "missing" / "x")) == 4
    seen = capsys.readouterr()
    assert seen.err.startswith("probe: cannot write ")
    assert (seen.err.count("\n"), seen.out) == (1, "")


@pytest.mark.parametrize("option", ["--jsonl", "--junit", "--markdown", "--write-expect"])
def test_a_full_disk_costs_the_file_but_not_the_results(option: str, invoke: Invoke, capsys: Captured) -> None:
    assert invoke("replay", GOOD, option, "/dev/full") == 4
    seen = capsys.readouterr()
    assert counts(seen.out) == "1 pass, 0 fail, 0 warn, 0 inconclusive, 0 skip; exit 4"
    assert seen.err.count("no space left") == 1


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("--save", "x.pcapng"), "--save keeps the packets of --live"),
        (("--show", "0", "--markdown", "x"), "leave out --markdown"),
        (("--show", "0", "--expect", "x"), "leave out --expect"),
        (("--show", "0", "--fail-on", "warn"), "leave out --fail-on"),
        (("--show", "0", "--deadline", "3"), "leave out --deadline"),
        (("--live", "127.0.0.1:80", "--workers", "2"), "leave out --workers"),
        (("--live", "127.0.0.1:80", "--limit", "all"), "leave out --limit"),
        (("--junit", "a", "--markdown", "./a"), "name the same file"),
        (("--deadline", "0"), "--deadline"),
        (("--fail-on", "fail"), "--fail-on"),
    ],
)
def test_what_makes_no_sense_is_refused(
    arguments: tuple[str, ...], hint: str, invoke: Invoke, capsys: Captured, tmp_path: Path
) -> None:
    assert invoke("replay", GOOD, *arguments) == 2
    assert hint in " ".join(capsys.readouterr().err.split())
    assert list(tmp_path.iterdir()) == []


# -- expected deviations -----------------------------------------------------------------------------------------------


def test_an_expected_deviation_does_not_fail_it(invoke: Invoke, capsys: Captured, tmp_path: Path) -> None:
    known, where = listed(tmp_path / "known.json"), tmp_path / "r"
    files = {name: str(tmp_path / name) for name in ("json", "jsonl", "junit", "markdown")}
    asked = [word for name, path in files.items() for word in (f"--{name}", path)]
    assert invoke("replay", MOVES, "--expect", known, *asked) == 0
    out = capsys.readouterr().out
    assert counts(out) == "0 pass, 0 fail, 0 warn, 0 inconclusive, 0 skip, 1 expected; exit 0"
    assert "EXPECTED connection 0: aclose.fin-retransmit" in out
    assert "known since 2026-01-31: old firmware" in out
    found = document(Path(files["json"]).read_text())
    assert (found["counts"]["expected"], found["expected"][0]["fate"]) == (1, "occurs")
    assert found["connections"][0]["expected"][0]["reason"] == "old firmware"
    assert lines(Path(files["jsonl"]).read_text())[0]["expected"][0]["date"] == "2026-01-31"
    (skipped,) = junit(Path(files["junit"]).read_text()).iter("skipped")
    assert skipped.get("type") == "expected"
    shown = Path(files["markdown"]).read_text()
    assert "| expected | expected: aclose.fin-retransmit" in shown
    assert "mermaid" not in shown
    assert not where.exists()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"target": "192.0.2.2"}, 0),
        ({"target": "192.0.2.2:80"}, 0),
        ({"target": "*:80", "ip_version": 4}, 0),
        ({"target": "192.0.2.1"}, 1),
        ({"ip_version": 6}, 1),
        ({"rule": "close.fin-acked"}, 1),
        ({"exchange": "open"}, 1),
        ({"exchange": "*"}, 0),
    ],
)
def test_it_may_name_the_end_it_stands_against(
    change: dict[str, object], code: int, invoke: Invoke, tmp_path: Path
) -> None:
    assert invoke("replay", MOVES, "--expect", listed(tmp_path / "known.json", **change)) == code


def test_what_is_gone_is_told_once(invoke: Invoke, recording: str, capsys: Captured, tmp_path: Path) -> None:
    known = listed(tmp_path / "known.json", rule="close.fin-acked")
    assert invoke("replay", "-q", recording, GOOD, "--expect", known) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert told.count("close.fin-acked in capture no longer occurs (expected since 2026-01-31, old firmware)") == 1


@pytest.mark.parametrize("name", ["known.toml", "known.json"])
def test_a_written_list_makes_the_next_run_pass(name: str, invoke: Invoke, recording: str, tmp_path: Path) -> None:
    where = str(tmp_path / name)
    assert invoke("replay", MOVES, LATE_TEXT, recording, "--write-expect", where) == 1
    assert invoke("replay", MOVES, LATE_TEXT, recording, "--expect", where, "--write-expect", where) == 0
    content = Path(where).read_text()
    found = (tomllib.loads(content) if name.endswith("toml") else json.loads(content))["deviation"]
    pairs = [(one["exchange"], one["rule"]) for one in found]
    assert sorted(pairs) == [
        ("capture", "aclose.fin-retransmit"),
        ("capture", "aclose.no-data-after-fin"),
        ("close-by-us", "close.fin-acked"),
    ]


@pytest.mark.parametrize(
    ("content", "code", "hint"),
    [
        ("x = \n", 2, "it is no TOML"),
        ("[[deviation]]\nexchange = 'capture'\n", 2, "rule is missing"),
        (
            "[[deviation]]\nexchange = 'captures'\nrule = 'x'\ndate = 2026-01-01\nreason = 'x'\n",
            2,
            "did you mean capture",
        ),
        (
            "[[deviation]]\nexchange = 'capture'\nrule = 'close.fin-aked'\ndate = 2026-01-01\nreason = 'x'\n",
            2,
            "did you mean close.fin-acked",
        ),
        (None, 4, "cannot read"),
    ],
)
def test_a_list_that_is_none_is_refused(
    content: str | None, code: int, hint: str, invoke: Invoke, capsys: Captured, tmp_path: Path
) -> None:
    where = tmp_path / "known.toml"
    if content is not None:
        where.write_text(content)
    assert invoke("replay", MOVES, "--expect", str(where)) == code
    seen = capsys.readouterr()
    assert hint in seen.err
    assert (seen.err.count("\n"), seen.out) == (1, "")


# -- what fails it -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("asked", "code"), [((), 0), (("warn",), 1), (("inconclusive",), 0)])
def test_fail_on(
    asked: tuple[str, ...], code: int, invoke: Invoke, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = replay(connection(0), connection(1, verdict=Verdict.WARN))
    monkeypatch.setattr("probe.cli.run.replay.judge", lambda options: replace(found, files=options.files))
    where = tmp_path / "r.xml"
    assert invoke("replay", GOOD, *(w for one in asked for w in ("--fail-on", one)), "--junit", str(where)) == code


def test_fail_on_counts_for_recordings_too(invoke: Invoke, recording: str, tmp_path: Path) -> None:
    known = listed(tmp_path / "known.json", exchange="close-by-us", rule="close.fin-acked")
    assert invoke("replay", recording, "--expect", known) == 0
    assert invoke("replay", recording) == 1


# -- the deadline ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("asked", "code"), [((), 3), (("--fail-on", "inconclusive"), 1)])
def test_what_was_not_read_by_the_deadline_is_inconclusive(asked: tuple[str, ...], code: int, tmp_path: Path) -> None:
    """Standard input gives a capture, and then nothing for ever."""
    files = {name: tmp_path / name for name in ("json", "junit", "markdown")}
    written = [word for name, path in files.items() for word in (f"--{name}", str(path))]
    command = [sys.executable, "-m", "probe", "replay", "-", "--deadline", "2", *asked, *written]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdin is not None
        running.stdin.write(Path(GOOD).read_bytes())
        running.stdin.flush()
        assert running.wait(60) == code
        assert running.stdout is not None
        assert running.stderr is not None
        out, err = running.stdout.read().decode(), running.stderr.read().decode()
    assert counts(out) == f"1 pass, 0 fail, 0 warn, 0 inconclusive, 0 skip; exit {code}"
    assert err == "probe: the deadline came; what was not done by then is inconclusive\n"
    assert document(files["json"].read_text())["late"]
    late = junit(files["junit"].read_text())[-1]
    assert (late.get("name"), late.get("failures")) == ("probe replay deadline", str(int(code == 1)))
    assert "but not all was read" in files["markdown"].read_text()


def test_a_recording_that_is_not_judged_by_the_deadline_is_named(
    invoke: Invoke, recording: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gate, other = os.pipe()
    monkeypatch.setattr("probe.recording.reading.judge_recording", lambda path, profile: os.read(gate, 1))
    files = {name: str(tmp_path / name) for name in ("json", "junit", "markdown")}
    written = [word for name, path in files.items() for word in (f"--{name}", path)]
    assert invoke("replay", recording, "--deadline", "0.3", *written) == 3
    seen = capsys.readouterr()
    assert "run.pcapng: a recording of `probe check`; not judged by the deadline" in " ".join(seen.out.split())
    assert seen.err.count("the deadline came") == 1
    assert document(Path(files["json"]).read_text())["late"]
    (skipped,) = junit(Path(files["junit"]).read_text()).iter("skipped")
    assert skipped.get("message") == "inconclusive: not judged by the deadline"
    assert "not judged by the deadline" in Path(files["markdown"]).read_text()
    os.close(gate)
    os.close(other)


# -- GitHub Actions ----------------------------------------------------------------------------------------------------


def test_under_github_actions_rules_are_annotated_and_the_last_line_stays(
    invoke: Invoke, recording: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    summary = tmp_path / "summary"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    assert invoke("replay", MOVES, recording) == 1
    out = capsys.readouterr().out.splitlines()
    titles = [line.partition("title=")[2].partition("::")[0] for line in out if line.startswith("::error ")]
    assert titles == ["close.fin-acked in close-by-us", "aclose.fin-retransmit in 1 connection"]
    assert out[-1].endswith("; exit 1")
    text = summary.read_text()
    assert text.startswith("before\n## probe replay ")
    assert text.count("```mermaid") == 2


def test_annotations_leave_a_document_on_standard_output_alone(
    invoke: Invoke, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert invoke("replay", MOVES, "--json", "-") == 1
    seen = capsys.readouterr()
    document(seen.out)
    assert "::error" in seen.err


# -- --live ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[ReenactOptions]:
    """What the session was asked; its exchange fails."""
    seen: list[ReenactOptions] = []

    def stand_in(target: Endpoint, options: ReenactOptions) -> Run:
        seen.append(options)
        return run(exchange("replay-live", Verdict.FAIL, findings=(UNANSWERED,)), target=str(target))

    monkeypatch.setattr("probe.cli.run.reenact.play", stand_in)
    return seen


def test_a_re_enactment_is_reported_as_a_check_is(invoke: Invoke, asked: list[ReenactOptions], tmp_path: Path) -> None:
    names = ("json", "jsonl", "junit", "markdown", "save")
    written = [word for name in names for word in (f"--{name}", str(tmp_path / name))]
    assert invoke("replay", *LIVE, *written, "--deadline", "9") == 1
    (options,) = asked
    assert options.recorder is not None
    assert options.until is not None
    assert document((tmp_path / "json").read_text())["exchanges"][0]["id"] == "replay-live"
    events = [one["event"] for one in lines((tmp_path / "jsonl").read_text())]
    assert events == ["begun", "exchange", "ended", "summary"]
    assert junit((tmp_path / "junit").read_text()).get("failures") == "1"
    assert "```mermaid" in (tmp_path / "markdown").read_text()
    assert (tmp_path / "save").stat().st_size


def test_a_deviation_of_a_re_enactment_may_be_expected(
    invoke: Invoke, asked: list[ReenactOptions], tmp_path: Path, capsys: Captured
) -> None:
    where = str(tmp_path / "known.toml")
    assert invoke("replay", *LIVE, "--write-expect", where) == 1
    assert invoke("replay", *LIVE, "--expect", where) == 0
    assert len(asked) == 2
    assert capsys.readouterr().out.splitlines()[-1].endswith("1 expected; exit 0")
