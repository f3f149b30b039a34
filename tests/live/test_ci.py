"""What pipelines use, against this kernel: real output of every command is as published; a deadline loses nothing."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from probe.live.check import check
from probe.live.options import CheckOptions
from probe.recording.sections import section_comment
from probe.results.verdict import Verdict
from probe.spec.segment import Endpoint
from probe.wire.record import Recorder
from tests.helpers.results import document, junit, lines

DEADLINE = 6.0
"""Seconds in which a few exchanges are done on any machine."""
OLD = ("--profile", "rfc793", "-4")


def probe(*arguments: str) -> int:
    """Run the command line as a user does; its exit code."""
    return subprocess.call([sys.executable, "-m", "probe", *arguments], timeout=100, stdout=subprocess.DEVNULL)


def without_head(event: dict[str, object]) -> dict[str, object]:
    return {k: v for k, v in event.items() if k not in ("schema_version", "command", "event", "time")}


def test_a_check_that_fails_writes_what_is_published_and_its_list_makes_the_next_pass(tmp_path: Path) -> None:
    names = {o: str(tmp_path / o[2:]) for o in ("--json", "--jsonl", "--junit", "--markdown", "--write-expect")}
    only = (*OLD, "--only", "syn-*", "--only", "open")
    assert probe("check", *only, *(w for pair in names.items() for w in pair)) == 1
    found = document(Path(names["--json"]).read_text())
    events = lines(Path(names["--jsonl"]).read_text())
    told = {str(e["id"]): without_head(e) for e in events if e["event"] == "exchange"}
    assert told == {e["id"]: e for e in found["exchanges"]}
    failures = {str(f.get("type")) for f in junit(Path(names["--junit"]).read_text()).iter("failure")}
    assert failures == {"synsync.closing-states"}
    assert probe("check", *only, "--expect", names["--write-expect"], "--fail-on", "warn") == 0


def test_a_matrix_writes_what_is_published_and_its_list_makes_the_next_pass(tmp_path: Path) -> None:
    names = {o: str(tmp_path / o[2:]) for o in ("--json", "--jsonl", "--junit", "--write-expect")}
    only = (*OLD, "--only", "ESTABLISHED:SYN", "--fail-on", "warn")
    assert probe("matrix", *only, *(w for pair in names.items() for w in pair)) == 1
    found = document(Path(names["--json"]).read_text())
    events = lines(Path(names["--jsonl"]).read_text())
    assert [without_head(e) for e in events if e["event"] == "cell"] == found["cells"]
    failures = junit(Path(names["--junit"]).read_text()).iter("failure")
    assert {str(f.get("type")) for f in failures} == {"synsync.in-window"}
    assert probe("matrix", *only, "--expect", names["--write-expect"]) == 0


def test_listening_and_replaying_write_what_is_published(target: dict[int, Endpoint], tmp_path: Path) -> None:
    saved, where, events = (str(tmp_path / name) for name in ("saved.pcapng", "json", "jsonl"))
    files = ("--json", where, "--jsonl", events)
    code = probe("listen", "8099", "--once", "--deadline", "20", "--ask", str(target[4]), "--save", saved, *files)
    assert code == 0
    assert document(Path(where).read_text())["command"] == "listen"
    assert [e["event"] for e in lines(Path(events).read_text())] == ["begun", "exchange", "ended", "summary"]
    for also in ((), ("--connections",)):
        assert probe("replay", saved, *also, *files) in (0, 3)
        assert document(Path(where).read_text())["command"] == "replay"
        assert [e["event"] for e in lines(Path(events).read_text())] == ["connection", "summary"]


def test_a_deadline_ends_a_check_and_loses_nothing(target: dict[int, Endpoint], tmp_path: Path) -> None:
    saved = tmp_path / "saved.pcapng"
    until = time.monotonic() + DEADLINE
    only = ("open", "close-by-*", "time-wait-*")  # the last ones take minutes
    with Recorder(str(saved), section_comment("check", "rfc9293")) as recorder:
        found = check(target[4], CheckOptions(trigger="target", only=only, until=until, recorder=recorder))
    assert time.monotonic() - until < 4
    words = {e.verdict for e in found.exchanges}
    assert words == {Verdict.PASS, Verdict.INCONCLUSIVE}
    assert found.late
    assert not found.interrupted
    reasons = {e.reason for e in found.exchanges if e.verdict is Verdict.INCONCLUSIVE}
    assert reasons == {"not done by the deadline"}
    where = tmp_path / "json"
    assert probe("replay", str(saved), "--json", str(where)) == 3
    (again,) = document(where.read_text())["recordings"]
    assert again["same_verdicts"]
    assert {e["reason"] for e in again["exchanges"] if e["verdict"] == "inconclusive"} == reasons


def test_a_deadline_that_is_over_sends_nothing(target: dict[int, Endpoint]) -> None:
    found = check(target[4], CheckOptions(until=time.monotonic()))
    assert {(e.verdict, e.reason, e.steps) for e in found.exchanges} == {
        (Verdict.INCONCLUSIVE, "not done by the deadline", ())
    }


def test_targets_side_by_side_begin_before_their_exchanges(target: dict[int, Endpoint], tmp_path: Path) -> None:
    where = tmp_path / "jsonl"
    assert probe("check", *map(str, target.values()), "--only", "open", "--jsonl", str(where)) == 0
    found = lines(where.read_text())
    assert found[-1]["event"] == "summary"
    for endpoint in target.values():
        own = [e["event"] for e in found[:-1] if e["target"] == str(endpoint)]
        assert own == ["begun", "exchange", "ended"]
