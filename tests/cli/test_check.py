"""`probe check`: what reaches the session, what comes out, and the exit code."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from probe.live.fleet import Fleet
from probe.live.options import CheckOptions
from probe.live.worker import walk
from probe.results.verdict import Run, Verdict
from probe.scenarios import ALL
from probe.spec.segment import Endpoint
from probe.wire.errors import TargetError, WireError
from tests.cli.conftest import Invoke, StandIn
from tests.reports.records import exchange, run

Captured = pytest.CaptureFixture[str]
HERE = "127.0.0.1:80"


@pytest.mark.parametrize(
    ("verdict", "code"),
    [(Verdict.PASS, 0), (Verdict.FAIL, 1), (Verdict.WARN, 0), (Verdict.SKIP, 0), (Verdict.INCONCLUSIVE, 3)],
)
def test_the_verdict_decides_the_exit_code(
    verdict: Verdict, code: int, invoke: Invoke, peer: StandIn, capsys: Captured
) -> None:
    peer.answers(verdict)
    assert invoke("check", HERE) == code
    out = capsys.readouterr().out
    assert out.splitlines()[-1].endswith(f"; exit {code}")


@pytest.mark.parametrize(("error", "code"), [(WireError("no right"), 4), (TargetError("no such host"), 2)])
def test_an_error_is_one_sentence_and_costs_no_result(
    error: Exception, code: int, invoke: Invoke, peer: StandIn, capsys: Captured
) -> None:
    peer.replies = [run(exchange()), error, run(exchange(), target="later")]
    assert invoke("check", HERE, HERE, HERE) == code
    seen = capsys.readouterr()
    assert seen.err == f"probe: {error}\n"
    assert "2 pass" in seen.out
    assert "\nlater " in seen.out


def test_a_violation_outweighs_an_error(invoke: Invoke, peer: StandIn) -> None:
    peer.replies = [run(exchange(verdict=Verdict.FAIL)), WireError("no right")]
    assert invoke("check", HERE, HERE) == 1


WITHOUT_TIMERS = ("ack-with-fin", "close-wait-fin", "closing-fin", "time-wait-fin", "zero-window-fin")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), {"profile": "rfc9293", "trigger": "auto", "only": (), "waits": True, "patience": None}),
        (("--only", "close-by-u*", "--only", "open"), {"only": ("open", "close-by-us", "close-by-us-four")}),
        (("--only", "*-fin", "--no-wait"), {"only": WITHOUT_TIMERS, "waits": False}),
        (("--skip", "options-il*"), {"skip": ("options-illegal", "options-illegal-data")}),
        (("--trigger", r"QUIT\r\n", "--seed", "7"), {"trigger": r"QUIT\r\n", "seed": 7}),
        (("--patience", "0.5", "--closed-port", "9"), {"patience": 0.5, "closed_port": 9}),
        (("--interface", "lo", "--source", "127.0.0.1"), {"interface": "lo", "source": "127.0.0.1"}),
    ],
)
def test_options_reach_the_session(
    arguments: tuple[str, ...], expected: Mapping[str, object], invoke: Invoke, peer: StandIn
) -> None:
    assert invoke("check", *arguments, HERE) == 0
    ((target, options),) = peer.calls
    assert target == Endpoint("127.0.0.1", 80)
    assert {name: getattr(options, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("--only", "close-by-uss"), "did you mean close-by-us"),
        (("--show", "opne"), "did you mean open"),
        (("--only", "last-ack-fin", "--no-wait"), "leaves nothing"),
        (("--skip", "nothing-like-it"), "--skip: there is no exchange 'nothing-like-it'"),
        (("--only", "open", "--skip", "op*"), "--skip leaves nothing"),
        (("--trigger", ""), "cannot be empty"),
        (("--trigger", r"\x4"), "backslashes"),
        (("--profile", "rfc0"), "rfc9293"),
        (("--closed-port", "0"), "0"),
        (("--closed-port", "htttp"), "did you mean http"),
        (("--patience", "0"), "0"),
        (("--patience", "nan"), "finite"),
        (("--rate", "nan"), "finite"),
        (("--deadline", "nan"), "finite"),
        (("--deadline", "inf"), "finite"),
        (("--json", "a", "--save", "a"), "same file"),
    ],
)
def test_wrong_usage_is_refused(
    arguments: tuple[str, ...], hint: str, invoke: Invoke, peer: StandIn, capsys: Captured
) -> None:
    assert invoke("check", *arguments, HERE) == 2
    assert hint in capsys.readouterr().err
    assert peer.calls == []


# -- files -------------------------------------------------------------------------------------------------------------


def test_json_to_standard_output_stands_alone(invoke: Invoke, peer: StandIn, capsys: Captured) -> None:
    assert invoke("check", HERE, "--json", "-") == 0
    assert json.loads(capsys.readouterr().out)["exit_code"] == 0
    assert len(peer.calls) == 1


def test_json_to_a_file_appears_whole_beside_the_report(
    invoke: Invoke, peer: StandIn, capsys: Captured, tmp_path: Path
) -> None:
    where = tmp_path / "result.json"
    where.write_text("old")
    peer.replies = [run(exchange(verdict=Verdict.FAIL)), WireError("no right")]
    assert invoke("check", HERE, HERE, "--json", str(where)) == 1
    found = json.loads(where.read_text())
    assert (found["exit_code"], found["errors"]) == (1, ["no right"])
    assert [p.name for p in tmp_path.iterdir()] == ["result.json"]
    assert "exit 1" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--json", "--save"])
@pytest.mark.parametrize("name", ["missing/result", "."])
def test_an_unwritable_file_is_noticed_before_the_run(
    option: str, name: str, invoke: Invoke, peer: StandIn, capsys: Captured, tmp_path: Path
) -> None:
    assert invoke("check", HERE, option, str(tmp_path / name)) == 4
    seen = capsys.readouterr()
    assert seen.err.startswith("probe: cannot write ")
    assert seen.err.count("\n") == 1
    assert (seen.out, peer.calls) == ("", [])


@pytest.mark.parametrize("option", ["--json", "--save"])
def test_a_full_disk_costs_the_file_but_not_the_results(
    option: str, invoke: Invoke, peer: StandIn, capsys: Captured
) -> None:
    del peer
    assert invoke("check", HERE, option, "/dev/full") == 4
    seen = capsys.readouterr()
    assert seen.out.splitlines()[-1] == "probe: 1 pass, 0 fail, 0 warn, 0 inconclusive, 0 skip; exit 4"
    assert "no space left" in seen.err


def test_a_recording_is_open_while_the_check_runs(
    invoke: Invoke, peer: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = tmp_path / "run.pcapng"

    def check(target: Endpoint, options: CheckOptions) -> Run:
        assert options.recorder is not None
        assert options.recorder.add(b"\x45" + bytes(39), 1.0, ["a comment"]) == 1
        return run(exchange(), target=str(target))

    monkeypatch.setattr("probe.live.check.check", check)
    assert invoke("check", HERE, "--save", str(where)) == 0
    assert b"a comment" in where.read_bytes()
    assert peer.calls == []


# -- what is printed ---------------------------------------------------------------------------------------------------


def test_warnings_go_to_standard_error(invoke: Invoke, peer: StandIn, capsys: Captured) -> None:
    peer.replies = [run(exchange(), warnings=("the receive buffer overflowed",))]
    invoke("check", HERE, "--json", "-")
    seen = capsys.readouterr()
    assert seen.err == "probe: the receive buffer overflowed\n"
    assert json.loads(seen.out)["warnings"] == ["the receive buffer overflowed"]


@pytest.mark.parametrize("asked", ["open", "all", "op*"])
def test_a_ladder_is_shown_on_request(asked: str, invoke: Invoke, peer: StandIn, capsys: Captured) -> None:
    del peer
    invoke("check", HERE, "--show", asked)
    assert "open: title of open: pass" in capsys.readouterr().out


def test_quiet_prints_answer_and_counts(invoke: Invoke, peer: StandIn, capsys: Captured) -> None:
    del peer
    invoke("check", HERE, "-q")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("target 127.0.0.1:80")
    assert len(lines) == 6


def test_no_colour_and_no_progress_off_a_terminal(invoke: Invoke, peer: StandIn, capsys: Captured) -> None:
    invoke("check", HERE)
    progress = peer.calls[0][1].progress
    assert progress is not None
    progress(1, 2)
    seen = capsys.readouterr()
    assert "\x1b" not in seen.out
    assert seen.err == ""


# -- the lab and interruptions -----------------------------------------------------------------------------------------


class FakeLab:
    """A lab with both versions that starts nothing."""

    endpoints: Mapping[int, Endpoint] = {4: Endpoint("127.0.0.1", 4000), 6: Endpoint("::1", 4000)}
    closed = 0

    def __enter__(self) -> FakeLab:
        return self

    def __exit__(self, *_: object) -> None:
        FakeLab.closed += 1


def in_this_process(fleet: Fleet) -> None:
    """What the workers do, without the processes: the stand-in notes its calls here."""
    for lane in fleet._waiting:
        walk(lane, fleet._tell, recorded=fleet._recorded)


@pytest.mark.parametrize(
    ("arguments", "addresses"),
    [((), ["127.0.0.1", "::1"]), (("-4",), ["127.0.0.1"]), (("-6",), ["::1"]), (("-4", "-6"), ["127.0.0.1", "::1"])],
)
def test_without_target_the_lab_is_checked(
    arguments: tuple[str, ...], addresses: list[str], invoke: Invoke, peer: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("probe.lab.Lab", FakeLab)
    monkeypatch.setattr(Fleet, "run", in_this_process)
    before = FakeLab.closed
    assert invoke("check", *arguments) == 0
    assert [target.address for target, _ in peer.calls] == addresses
    assert FakeLab.closed == before + 1


def test_a_lab_that_cannot_start_is_an_environment_error(
    invoke: Invoke, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lab() -> Any:  # noqa: ANN401
        raise WireError("cannot make a private network namespace: run as root")

    monkeypatch.setattr("probe.lab.Lab", lab)
    assert invoke("check", "--json", "-") == 4
    seen = capsys.readouterr()
    assert json.loads(seen.out)["errors"] == ["cannot make a private network namespace: run as root"]
    assert seen.err.startswith("probe: cannot make")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_keeps_what_is_done(
    number: signal.Signals, invoke: Invoke, peer: StandIn, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    del peer
    calls: list[Endpoint] = []

    def check(target: Endpoint, options: CheckOptions) -> Run:
        del options
        calls.append(target)
        try:
            if len(calls) == 2:
                os.kill(os.getpid(), number)
                pytest.fail("the signal did not arrive")
        except KeyboardInterrupt:
            return run(exchange(), target=str(target), interrupted=True)
        return run(exchange(), target=str(target))

    monkeypatch.setattr("probe.live.check.check", check)
    before = signal.getsignal(signal.SIGTERM)
    assert invoke("check", HERE, HERE, HERE) == 130
    assert signal.getsignal(signal.SIGTERM) == before
    seen = capsys.readouterr()
    assert len(calls) == 2
    assert "2 pass" in seen.out
    assert "interrupted" in seen.err


def test_ctrl_c_before_anything_ran(invoke: Invoke, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    def check(target: Endpoint, options: CheckOptions) -> Run:
        raise KeyboardInterrupt

    monkeypatch.setattr("probe.live.check.check", check)
    assert invoke("check", HERE) == 130
    assert capsys.readouterr().out == ""


def test_every_exchange_can_be_asked_for(invoke: Invoke, peer: StandIn) -> None:
    assert invoke("check", HERE, *(f"--only={name}" for name in ALL)) == 0
    assert peer.calls[0][1].only == tuple(ALL)
