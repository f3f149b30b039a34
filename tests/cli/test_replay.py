"""`probe replay`: what reaches the session, what comes out, and the exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from probe.capture.errors import CaptureError
from probe.cli.options.filters import parse
from probe.cli.output.sinks import LineSink
from probe.recording.judging import Difference
from probe.recording.reading import JudgedRecording
from probe.recording.sections import section_comment
from probe.replay.extracting import CapturedConnection
from probe.replay.run import ReplayOptions
from probe.results.connection import Connection, Replay
from probe.results.verdict import Report, Verdict
from probe.wire.errors import TargetError, WireError
from probe.wire.record import Recorder
from tests.cli.conftest import Invoke
from tests.reports.captured import PACKETS, broken, connection, entry, replay
from tests.reports.records import exchange, report, run

Captured = pytest.CaptureFixture[str]
PCAP = b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00" + bytes(16)


@dataclass
class Session:
    """Plays ``probe.replay.run`` and ``probe.recording.reading``: notes its calls, gives out what it was told to."""

    found: tuple[Connection, ...] = (connection(0), connection(1))
    changes: dict[str, Any] = field(default_factory=dict)
    trouble: BaseException | None = None
    recordings: dict[str, Report] = field(default_factory=dict)
    differences: tuple[Difference, ...] = ()
    fault: CaptureError | None = None
    profiles: list[str | None] = field(default_factory=list)
    calls: list[ReplayOptions] = field(default_factory=list)

    def replay(self, options: ReplayOptions) -> Replay:
        self.calls.append(options)
        if self.trouble is not None:
            raise self.trouble
        listed = tuple(replace(c, file=options.files[0]) for c in self.found)
        wanted = [c for c in listed if options.wanted is None or options.wanted(c)]
        if options.sink is not None:
            options.sink.take([entry(one) for one in wanted])
            options.sink.flush()
        whole = replay(*wanted, files=options.files, connections=len(listed))
        return replace(whole, listed=tuple(wanted[: options.limit]), **self.changes)

    def extract(self, path: str, index: int, profile: str) -> CapturedConnection:
        self.calls.append(ReplayOptions((path,), profile))
        for c in self.found:
            if c.index == index:
                return CapturedConnection(replace(c, file=path), PACKETS, PACKETS)
        raise TargetError(f"{path} has no connection {index}")

    def judge_recording(self, path: str, profile: str | None) -> JudgedRecording:
        self.profiles.append(profile)
        found = self.recordings[path]
        return JudgedRecording(found, Counter(e.verdict for e in found.exchanges), self.differences, self.fault)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Session:
    stand_in = Session()
    monkeypatch.setattr("probe.cli.run.replay.judge", stand_in.replay)
    monkeypatch.setattr("probe.recording.reading.judge_recording", stand_in.judge_recording)
    monkeypatch.setattr("probe.cli.run.replay._is_recording", stand_in.recordings.__contains__)
    monkeypatch.setattr("probe.cli.run.replay.extract", stand_in.extract)
    return stand_in


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a capture in the working directory."""
    monkeypatch.chdir(tmp_path)
    Path("a.pcap").write_bytes(PCAP)
    return "a.pcap"


# -- exit codes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "changes", "code"),
    [
        ((connection(),), {}, 0),
        ((connection(), broken()), {}, 1),
        ((connection(verdict=Verdict.WARN),), {}, 0),
        ((), {}, 3),
        ((connection(verdict=Verdict.INCONCLUSIVE),), {}, 3),
        ((connection(),), {"faults": (("a.pcap", 9, "the file ends inside a record"),)}, 4),
        ((), {"faults": (("a.pcap", 9, "the file ends inside a record"),)}, 4),
        ((connection(),), {"interrupted": True}, 130),
        ((broken(),), {"interrupted": True, "faults": (("a.pcap", 9, "x"),)}, 1),
    ],
)
def test_the_exit_code(
    found: tuple[Connection, ...],
    changes: dict[str, Any],
    code: int,
    session: Session,
    file: str,
    invoke: Invoke,
    capsys: Captured,
) -> None:
    session.found, session.changes = found, changes
    assert invoke("replay", file) == code
    assert capsys.readouterr().out.splitlines()[-1].endswith(f"; exit {code}")


def test_nothing_found_is_said(session: Session, file: str, invoke: Invoke, capsys: Captured) -> None:
    session.found = ()
    assert invoke("replay", file) == 3
    assert "no TCP connection was found" in capsys.readouterr().out


def test_a_missing_file_costs_the_others_nothing(session: Session, file: str, invoke: Invoke, capsys: Captured) -> None:
    assert invoke("replay", "missing.pcap", file) == 4
    seen = capsys.readouterr()
    assert session.calls[0].files == (file,)
    assert seen.err == "probe: missing.pcap: no such file or folder\n"
    assert "2 pass" in seen.out


@pytest.mark.parametrize("trouble", [CaptureError("a.pcap", 7, "no capture"), WireError("no cluster answers")])
def test_an_error_of_the_session_is_one_sentence(
    trouble: Exception, session: Session, file: str, invoke: Invoke, capsys: Captured
) -> None:
    session.trouble = trouble
    assert invoke("replay", file) == 4
    assert capsys.readouterr() == ("", f"probe: {trouble}\n")


def test_ctrl_c_before_anything_was_read(session: Session, file: str, invoke: Invoke, capsys: Captured) -> None:
    session.trouble = KeyboardInterrupt()
    assert invoke("replay", file) == 130
    assert capsys.readouterr().out == ""


# -- what reaches the session ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), {"profile": "rfc9293", "limit": 20, "workers": None, "executor": None, "wanted": None}),
        (("--profile", "rfc793", "--workers", "2"), {"profile": "rfc793", "workers": 2}),
        (("--limit", "all"), {"limit": None}),
        (("--limit", "3"), {"limit": 3}),
        (("--json", "out.json", "--limit", "3"), {"limit": 3}),  # the document has them from the sink
        (("--filter", "port=80"), {"wanted": parse(["port=80"])}),
    ],
)
def test_options_reach_the_session(
    arguments: tuple[str, ...], expected: Mapping[str, object], session: Session, file: str, invoke: Invoke
) -> None:
    assert invoke("replay", file, *arguments) == 0
    (options,) = session.calls
    assert {name: getattr(options, name) for name in expected} == expected


def test_a_folder_stands_for_its_captures(session: Session, file: str, invoke: Invoke, capsys: Captured) -> None:
    Path("notes.txt").write_text("no capture")
    assert invoke("replay", ".", file) == 0
    assert session.calls[0].files == (file,)
    assert capsys.readouterr().err == "probe: .: 1 passed over: not a capture file\n"


def test_a_folder_without_captures_is_an_error(
    session: Session, tmp_path: Path, invoke: Invoke, capsys: Captured
) -> None:
    assert invoke("replay", str(tmp_path)) == 4
    assert "holds no capture file" in capsys.readouterr().err
    assert session.calls == []


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("--filter", "colour=red"), "host, port, handshake, close, verdict, rule, state"),
        (("--filter", "port"), "'='"),
        (("--filter", "port=htttp"), "no TCP port"),
        (("--filter", "host=nowhere"), "no IPv4 or IPv6 address"),
        (("--filter", "handshake=folowed"), "followed, refused, unanswered, incomplete, violated, not seen"),
        (("--filter", "state=XX"), "S0, S1, SF, REJ"),
        (("--filter", "rule=close.fin-aked"), "did you mean close.fin-acked"),
        (("--limit", "many"), "neither a number nor 'all'"),
        (("--workers", "0"), "0"),
        (("--show", "opne"), "did you mean open"),
        (("--show", "open"), "none of the files is a recording"),
        (("--show", "99"), "no connection 99"),
        (("--show", "b.pcap:0"), "no file 'b.pcap' among those given"),
        (("--show", "0", "--jsonl", "-"), "leave out --jsonl"),
        (("--json", "x", "--jsonl", "x"), "same file"),
        (("-", "-"), "only once"),
        (("",), "names no file"),
    ],
)
def test_wrong_usage_is_refused(
    arguments: tuple[str, ...], hint: str, session: Session, file: str, invoke: Invoke, capsys: Captured
) -> None:
    assert invoke("replay", file, *arguments) == 2
    seen = capsys.readouterr()
    assert hint in " ".join(seen.err.split())
    assert seen.out == ""
    assert all(not options.progress for options in session.calls)


def test_standard_input_cannot_be_shown_twice(session: Session, invoke: Invoke, capsys: Captured) -> None:
    assert invoke("replay", "-", "--show", "0") == 2
    assert "read twice" in capsys.readouterr().err
    assert session.calls == []


# -- what comes out ----------------------------------------------------------------------------------------------------


def test_json_to_standard_output_stands_alone(session: Session, file: str, invoke: Invoke, capsys: Captured) -> None:
    session.found = (broken(1), connection(0))
    assert invoke("replay", file, "--json", "-") == 1
    read = json.loads(capsys.readouterr().out)
    assert (read["exit_code"], [c["index"] for c in read["connections"]]) == (1, [0, 1])


def test_lines_of_json(session: Session, file: str, invoke: Invoke, capsys: Captured) -> None:
    """A line a connection, then the rest of what --json gives."""
    assert invoke("replay", file, "--jsonl", "-") == 0
    lines = capsys.readouterr().out.splitlines()
    *connections, last = map(json.loads, lines)
    assert [c["index"] for c in connections] == [0, 1]
    assert (last["command"], last["exit_code"], last["counts"]["connections"]) == ("replay", 0, 2)
    assert "connections" not in last
    assert session.calls[0].limit == 20
    assert invoke("replay", file, "--jsonl", "out.jsonl", "--limit", "1") == 0
    assert Path("out.jsonl").read_text().splitlines() == lines
    assert "1 more not shown" in capsys.readouterr().out


def test_lines_stay_when_it_is_interrupted(session: Session, file: str, invoke: Invoke, capsys: Captured) -> None:
    session.changes["interrupted"] = True
    assert invoke("replay", file, "--jsonl", "-") == 130
    *connections, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert (len(connections), last["interrupted"], last["exit_code"]) == (2, True, 130)


def test_a_reader_of_lines_that_goes_away_is_no_error(
    session: Session, file: str, invoke: Invoke, capsys: Captured
) -> None:
    del session
    os.mkfifo("pipe")
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    sink = LineSink("pipe")
    os.close(reader)
    sink.write_all(["nobody reads this\n"])
    sink.write_all(["nor this\n"])
    sink.close()
    assert capsys.readouterr().err == ""
    with subprocess.Popen(["true"], stdin=subprocess.PIPE) as gone:
        assert gone.stdin is not None
        gone.wait()
        assert invoke("replay", file, "--jsonl", f"/dev/fd/{gone.stdin.fileno()}") == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("option", ["--json", "--jsonl"])
def test_files_that_cannot_be_written(
    option: str, session: Session, file: str, invoke: Invoke, capsys: Captured
) -> None:
    assert invoke("replay", file, option, "missing/out") == 4
    assert capsys.readouterr().err.startswith("probe: cannot write ")
    assert session.calls == []
    assert invoke("replay", file, option, "/dev/full") == 4
    seen = capsys.readouterr()
    assert "no space left" in seen.err
    assert "2 pass" in seen.out


def test_quiet_is_answer_and_counts(session: Session, file: str, invoke: Invoke, capsys: Captured) -> None:
    session.found = (broken(),)
    assert invoke("replay", file, "-q") == 1
    assert len(capsys.readouterr().out.splitlines()) == 6


@pytest.mark.parametrize("picked", ["7", "a.pcap:7", "./b.pcap:7", "b.pcap:7"])
def test_a_ladder_on_request(picked: str, session: Session, file: str, invoke: Invoke, capsys: Captured) -> None:
    Path("b.pcap").write_bytes(PCAP)
    session.found = (connection(0), broken(7))
    files = (file, "./b.pcap") if ":" in picked else (file,)
    assert invoke("replay", *files, "--show", picked) == 1
    out = capsys.readouterr().out
    name = picked.rpartition(":")[0]
    assert out.startswith(f"connection 7 of {'./b.pcap' if 'b' in name else file}: fail\n")
    assert out.splitlines()[-1].startswith("probe: 1 connection, 0 pass, 1 fail")


def test_a_number_alone_does_not_choose_among_files(
    session: Session, file: str, invoke: Invoke, capsys: Captured
) -> None:
    Path("b.pcap").write_bytes(PCAP)
    assert invoke("replay", file, "b.pcap", "--show", "0") == 2
    assert "--show FILE:0" in capsys.readouterr().err
    assert session.calls == []


def test_a_ladder_as_json_has_the_segments(session: Session, file: str, invoke: Invoke, capsys: Captured) -> None:
    del session
    assert invoke("replay", file, "--show", "0", "--json", "-") == 0
    (one,) = json.loads(capsys.readouterr().out)["connections"]
    assert len(one["segments"]) == len(PACKETS)


# -- recordings --------------------------------------------------------------------------------------------------------

AGAIN = report(run(exchange("open")), command="replay")


def test_a_recording_is_judged_by_exchanges(session: Session, file: str, invoke: Invoke, capsys: Captured) -> None:
    session.recordings[file] = AGAIN
    assert invoke("replay", file, "--show", "open") == 0
    out = capsys.readouterr().out
    assert "all 1 verdict equal the recorded ones" in " ".join(out.split())
    assert "open: title of open: pass" in out
    assert out.splitlines()[-1] == "probe: 1 pass, 0 fail, 0 warn, 0 inconclusive, 0 skip; exit 0"
    assert session.calls == []


def test_verdicts_that_changed_are_listed(session: Session, file: str, invoke: Invoke, capsys: Captured) -> None:
    session.recordings[file] = AGAIN
    session.differences = (Difference("192.0.2.1:80", "open", "fail (a.b)", "pass"),)
    session.fault = CaptureError(file, 99, "the file ends inside a block")
    assert invoke("replay", file, "--profile", "rfc793") == 4
    seen = capsys.readouterr()
    assert "\n  open at 192.0.2.1:80: recorded fail (a.b), now pass\n" in seen.out
    assert seen.err == "probe: a.pcap at octet 99: the file ends inside a block\n"
    assert session.profiles == ["rfc793"]


def test_a_recording_is_known_by_the_comment_of_its_section(
    file: str, invoke: Invoke, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Recorder("run.pcapng", section_comment("check", "rfc9293")) as recorder:
        recorder.add(bytes.fromhex("4500") + bytes(38), 1.0)
    asked: list[str] = []

    def judge_recording(path: str, profile: str | None) -> JudgedRecording:
        asked.append(path)
        return JudgedRecording(AGAIN, {Verdict.PASS: 1})

    monkeypatch.setattr("probe.recording.reading.judge_recording", judge_recording)
    monkeypatch.setattr("probe.cli.run.replay.judge", lambda options: replay(files=options.files))
    assert invoke("replay", file, "run.pcapng") == 3
    assert asked == ["run.pcapng"]
    assert "a.pcap: 0 connections" in capsys.readouterr().out


def test_beside_captures_a_recording_keeps_its_own_report(
    session: Session, file: str, invoke: Invoke, capsys: Captured
) -> None:
    Path("run.pcapng").write_bytes(PCAP)
    session.recordings["run.pcapng"] = report(run(exchange("open", Verdict.FAIL)))
    assert invoke("replay", file, "run.pcapng") == 1
    out = capsys.readouterr().out
    assert "run.pcapng: a recording" in out
    assert out.splitlines()[-1].endswith("2 pass, 0 fail, 0 warn, 0 inconclusive, 0 skip; exit 1")
    assert session.calls[0].files == (file,)


@pytest.mark.parametrize("arguments", [("--connections",), ("--filter", "port=80")])
def test_a_recording_can_be_read_like_any_capture(
    arguments: tuple[str, ...], session: Session, file: str, invoke: Invoke
) -> None:
    session.recordings[file] = AGAIN
    assert invoke("replay", file, *arguments) == 0
    assert session.calls[0].files == (file,)


def test_json_of_a_recording_has_exchanges_and_connections(
    session: Session, file: str, invoke: Invoke, capsys: Captured
) -> None:
    """What the tester did wrong in a recording was meant: findings against it do not count."""
    session.recordings[file], session.found = AGAIN, (broken(),)
    assert invoke("replay", file, "--json", "-") == 0
    read = json.loads(capsys.readouterr().out)
    assert (read["command"], read["files"], read["exit_code"]) == ("replay", [file], 0)
    assert [e["id"] for e in read["exchanges"]] == ["open"]
    assert len(read["connections"]) == 1


# -- help -------------------------------------------------------------------------------------------------------------


def test_help_reads_no_capture_code() -> None:
    code = (
        "import sys, probe.cli\n"
        "try: probe.cli.main(['replay', '--help'])\n"
        "except SystemExit as left: assert not left.code\n"
        "print(sorted({'scapy', 'numpy', 'pyroute2', 'tabulate', 'probe.session'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
