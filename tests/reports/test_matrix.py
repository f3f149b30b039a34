"""The reports of a matrix: at a glance in 100 columns, every departure in a line, and the names scripts rely on."""

from __future__ import annotations

import json

import pytest

from probe.reports.builders import matrix
from probe.reports.formats.text import Style
from probe.results.learned import Answered, Learned, Question, Waits
from probe.results.matrix import ApproachResult, MatrixReport, renumbered
from probe.results.path import Path, Standing, Suspect, Suspicion
from probe.results.proofs import Proofs, Reached, Shown
from probe.results.verdict import Verdict
from probe.spec.segment import KINDS
from probe.spec.states import State
from tests.reports.grids import cell, grid
from tests.reports.records import exchange, run
from tests.reports.records import report as checked
from tests.reports.rendering import as_data, as_markdown, as_text, document

CELL = {
    "ip_version", "state", "segment", "seq", "ack", "payload", "verdict", "reason", "rule", "came", "next_states",
}  # fmt: skip


FILTERED = Path(suspicions=(Suspicion(Suspect.FILTER, Standing.ACCEPTED, 3, 0, "a filter drops such segments"),))
WAITS = Waits(0.6, 2.0, 0.6, 1.8, 16.0, 0.005)
LEARNED = Learned(WAITS, (Answered(Question.NEXT_OCTET, 3, 0),), 0.001, 0.001)


def report(*runs: object) -> MatrixReport:
    return MatrixReport("rfc9293", runs)  # type: ignore[arg-type]  # runs, by the callers


def render(found: MatrixReport, style: Style | None = None) -> str:
    return as_text(document(found), style)


def render_check(path: Path) -> str:
    return as_text(document(checked(run(exchange(), path=path))))


def test_counts_stand_in_their_row_and_column() -> None:
    cells = (cell(), cell(seq="IRS"), cell(verdict=Verdict.FAIL), cell(segment="RST", verdict=Verdict.WARN))
    out = render(report(grid(*cells, cell(state="LISTEN", verdict=Verdict.SKIP, reason="no"))))
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line.startswith(("ESTAB", "LISTEN"))}
    assert rows == {"LISTEN": ["skip", "-"], "ESTABLISHED": ["2+1F", "1w"]}
    assert out.splitlines()[-1] == "probe: 2 pass, 1 fail, 1 warn, 0 inconclusive, 1 skip; exit 1"


def test_the_two_origins_of_syn_received_have_a_row_each() -> None:
    cells = (cell(state="SYN-RECEIVED", way="from LISTEN"), cell(state="SYN-RECEIVED", way="from SYN-SENT"))
    out = render(report(grid(*cells))).splitlines()
    at = next(i for i, line in enumerate(out) if line.startswith("SYN-RECEIVED"))
    assert out[at + 1].startswith(" active open")


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_the_whole_matrix_fits_the_terminal(width: int) -> None:
    words = [Verdict.PASS] * 26 + [Verdict.FAIL] * 3 + [Verdict.WARN] * 2
    cells = [
        cell(state=state.value, segment=kind, verdict=word, seq=f"RCV.NXT+{number}")
        for state in State
        for kind in KINDS
        for number, word in enumerate(words if kind in {"RST", "SYN+RST"} else words[:29])
    ]
    lines = render(report(grid(*cells)), Style(width)).splitlines()
    assert max(map(len, lines[:-1])) <= width
    heads = [word for line in lines if line.startswith("   ") for word in line.split() if word in KINDS]
    assert heads == list(KINDS)  # side by side as far as there is room, then the others below


def test_a_departure_is_told_with_position_due_came_and_clause() -> None:
    six = [cell(ip_version=6, verdict=Verdict.FAIL), cell(ip_version=6, verdict=Verdict.FAIL, seq="IRS")]
    four = [cell(verdict=Verdict.FAIL), cell(verdict=Verdict.FAIL, seq="IRS")]
    out = render(report(grid(*four), grid(*six, ip_version=6)), Style(width=200))
    assert "FAIL seg.below-window-empty (SPEC, RFC 9293 3.4 Table 5)" in out
    assert (
        "  ESTABLISHED ACK: 2 positions, as SEG.SEQ=RCV.NXT-1, SEG.ACK=SND.NXT: sent . seq 20 ack 11;"
        " due . seq 11 ack 21; came nothing for 0.6 s" in out
    )


def test_what_was_not_reached_and_not_told_says_why() -> None:
    way = ApproachResult(4, "SYN-SENT", "connects to us", Verdict.SKIP, "run probe target on the peer")
    doubt = cell(verdict=Verdict.INCONCLUSIVE, reason="the path loses segments")
    out = render(report(grid(doubt, doubt, ways=(way,))))
    assert "skip          run probe target on the peer: not reached: SYN-SENT (connects to us)" in out
    assert "inconclusive  the path loses segments: ESTABLISHED ACK (2)" in out
    brief = render(report(grid(doubt)), Style(brief=True))
    assert "the path loses" not in brief


def test_the_path_and_what_is_unusual_are_told_once_everywhere() -> None:
    found = report(grid(cell(), path=FILTERED, learned=LEARNED))
    unusual = "it does not answer the next octet in order"
    for told in (render(found), render(found, Style(brief=True))):
        assert (told.count("a filter drops"), told.count(unusual)) == (1, 1)
    (check_line,) = (line for line in render_check(FILTERED).splitlines() if "a filter drops" in line)
    assert check_line.split() in [line.split() for line in render(found).splitlines()]
    page = as_markdown(document(found))
    assert (page.count("a filter drops"), page.count(unusual)) == (1, 1)
    ((suite),) = document(found).suites()
    assert (suite.properties["path"], suite.properties["learned"]) == ("a filter drops such segments", unusual)
    (one,) = json.loads(as_data(document(found)))["runs"]
    assert one["path"]["suspicions"][0]["standing"] == "accepted"
    assert one["learned"]["questions"][0] == {
        "question": "next-octet", "asked": 3, "answered": 0, "seconds": 0.0, "gap": 0.0, "shared": False,
    }  # fmt: skip


def test_an_ordinary_peer_needs_no_word() -> None:
    usual = Answered(Question.EMPTY_BELOW, 3, 2, 0.0, 0.55)
    found = report(grid(cell(), path=Path(), learned=Learned(WAITS, (usual,), 0.001, 0.001)))
    assert not {"path", "learned"} & {line.split()[0] for line in render(found).splitlines() if line.strip()}
    assert not {"path", "learned"} & set(document(found).suites()[0].properties)


def test_a_cell_says_what_its_verdict_stands_on() -> None:
    shown = Shown("seg.below-window-empty", 3, ("ESTABLISHED",), 4)
    proved = cell(id="established:ACK:RCV.NXT-1:SND.NXT", proofs=Proofs(Reached((shown.rule,), (shown,))))
    found = report(grid(proved, cell(id="another")))
    assert "why, " not in render(found)
    told = as_text(matrix.document(found, lambda one: "ESTABLISHED:ACK" in one.names and bool(one.proofs)))
    assert told.count("why, ") == 1
    assert "why, established:ACK:RCV.NXT-1:SND.NXT at 192.0.2.1:80 (IPv4)" in told
    assert "seg.below-window-empty: at packet 3, the peer in ESTABLISHED before; packet 4 tells so" in told
    moved = renumbered(found.runs[0], 10).cells[0].proofs
    assert moved
    assert moved.reached
    assert [(one.packet, one.confirmed) for one in moved.reached.shown] == [(13, 14)]


def test_the_contract_of_a_matrix() -> None:
    found = json.loads(as_data(document(report(grid(cell(), cell(verdict=Verdict.FAIL))))))
    assert {"schema_version", "command", "profile", "exit_code"} <= set(found)
    assert (found["command"], found["exit_code"], found["counts"]["fail"]) == ("matrix", 1, 1)
    assert all(set(one) >= CELL for one in found["cells"])
    assert found["cells"][0]["next_states"] == ["ESTABLISHED"]
    assert found["cells"][1]["packets"] == [3, 4]
