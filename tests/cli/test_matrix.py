"""`probe matrix`: what reaches the session, what comes out, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from probe.live.options import MatrixOptions
from probe.results.matrix import ApproachResult, CellResult, MatrixRun
from probe.results.verdict import Verdict
from probe.spec.segment import KINDS, Endpoint
from probe.spec.states import State
from probe.wire.errors import TargetError, WireError
from tests.cli.conftest import Invoke
from tests.reports.grids import cell, grid

Captured = pytest.CaptureFixture[str]
HERE = "127.0.0.1:80"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[MatrixOptions]:
    """The options of every matrix that was asked for; each is answered with one cell that passed."""
    calls: list[MatrixOptions] = []

    def stand_in(target: Endpoint, options: MatrixOptions) -> MatrixRun:
        calls.append(options)
        return grid(cell(), target=str(target))

    monkeypatch.setattr("probe.live.matrix.matrix", stand_in)
    return calls


def answers(monkeypatch: pytest.MonkeyPatch, *replies: MatrixRun | Exception) -> None:
    """The session gives these, in turn."""
    left = list(replies)

    def stand_in(target: Endpoint, options: MatrixOptions) -> MatrixRun:
        reply = left.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    monkeypatch.setattr("probe.live.matrix.matrix", stand_in)


@pytest.mark.parametrize(
    ("verdict", "code"),
    [(Verdict.PASS, 0), (Verdict.FAIL, 1), (Verdict.WARN, 0), (Verdict.SKIP, 3), (Verdict.INCONCLUSIVE, 3)],
)
def test_the_verdict_decides_the_exit_code(
    verdict: Verdict, code: int, invoke: Invoke, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    answers(monkeypatch, grid(cell(verdict=verdict)))
    assert invoke("matrix", HERE) == code
    assert capsys.readouterr().out.splitlines()[-1].endswith(f"; exit {code}")


@pytest.mark.parametrize(("error", "code"), [(WireError("no right"), 4), (TargetError("no such host"), 2)])
def test_an_error_is_one_sentence_and_costs_no_result(
    error: Exception, code: int, invoke: Invoke, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    answers(monkeypatch, error, grid(cell()))
    assert invoke("matrix", HERE, HERE) == code
    seen = capsys.readouterr()
    assert seen.err == f"probe: {error}\n"
    assert "1 pass" in seen.out


def test_an_interruption_keeps_what_was_done(invoke: Invoke, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    answers(monkeypatch, grid(cell(), interrupted=True))
    assert invoke("matrix", HERE, HERE) == 130
    seen = capsys.readouterr()
    assert "interrupted; what was done" in seen.err
    assert "1 pass, 0 fail, 0 warn, 0 inconclusive, 0 skip, interrupted; exit 130" in seen.out


@pytest.mark.parametrize(
    ("only", "cells"),
    [
        (("ESTABLISHED:SYN",), {("ESTABLISHED", "SYN")}),
        (("established:syn+ack",), {("ESTABLISHED", "SYN+ACK")}),
        (("LISTEN",), {("LISTEN", kind) for kind in KINDS}),
        ((":NULL",), {(state.value, "NULL") for state in State}),
        (("LISTEN:RST", "CLOSED:RST"), {("LISTEN", "RST"), ("CLOSED", "RST")}),
    ],
)
def test_only_names_rows_columns_and_cells(
    only: tuple[str, ...], cells: set[tuple[str, str]], invoke: Invoke, asked: list[MatrixOptions]
) -> None:
    assert invoke("matrix", HERE, *(word for text in only for word in ("--only", text))) == 0
    assert asked[0].only == cells
    assert all(segment in asked[0].kinds(state) for state, segment in cells)


@pytest.mark.parametrize(("text", "hint"), [("ESTABLISHD", "ESTABLISHED"), ("LISTEN:SYNACK", "SYN+ACK")])
def test_an_unknown_cell_names_its_neighbours(
    text: str, hint: str, invoke: Invoke, asked: list[MatrixOptions], capsys: Captured
) -> None:
    assert invoke("matrix", HERE, "--only", text) == 2
    assert f"did you mean {hint}" in capsys.readouterr().err
    assert asked == []


@pytest.mark.parametrize("name", ["established:ACK:RCV.NXT-1:SND.NXT", "ESTABLISHED:ACK", "established:ACK:*", "all"])
def test_why_names_cells(name: str, invoke: Invoke, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    answers(monkeypatch, grid(cell(id="established:ACK:RCV.NXT-1:SND.NXT"), cell(id="other", state="LISTEN")))
    assert invoke("matrix", HERE, "--why", name) == 0
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("why, ")]
    assert told[0] == "why, established:ACK:RCV.NXT-1:SND.NXT at 192.0.2.1:80 (IPv4)"
    assert len(told) == (2 if name == "all" else 1)


def test_why_of_an_unknown_cell_names_its_neighbours(invoke: Invoke, capsys: Captured) -> None:
    assert invoke("matrix", HERE, "--why", "ESTABLISHED:ACKK") == 2
    assert "there is no cell 'ESTABLISHED:ACKK': did you mean ESTABLISHED:ACK" in capsys.readouterr().err


def test_an_empty_text_is_no_cell(invoke: Invoke, asked: list[MatrixOptions], capsys: Captured) -> None:
    assert invoke("matrix", HERE, "--only", ":") == 2
    assert "names no cell" in capsys.readouterr().err
    assert asked == []


def test_json_goes_to_a_file_or_to_stdout(
    invoke: Invoke, asked: list[MatrixOptions], tmp_path: Path, capsys: Captured
) -> None:
    path = tmp_path / "matrix.json"
    assert invoke("matrix", HERE, "--json", str(path)) == 0
    assert json.loads(path.read_text(encoding="utf-8"))["command"] == "matrix"
    capsys.readouterr()
    assert invoke("matrix", HERE, "--json", "-", "--profile", "rfc793") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["profile"], document["cells"][0]["state"]) == ("rfc793", "ESTABLISHED")


def test_ways_are_results_too() -> None:
    """A record of its own, so that a report can tell why a state was not reached."""
    way = ApproachResult(4, "SYN-SENT", "connects to us", Verdict.SKIP, "no probe target")
    assert grid(CellResult(4, "SYN-SENT", "", "ACK", "", "", False, Verdict.SKIP), ways=(way,)).ways == (way,)
