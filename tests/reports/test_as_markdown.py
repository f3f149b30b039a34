"""Markdown, Mermaid and annotations: escaped, short enough, the weightiest first."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from probe.reports.builders import check
from probe.reports.formats.markdown import fitted, text
from probe.reports.formats.mermaid import diagram, label
from probe.results.matrix import CellResult, MatrixReport, MatrixRun
from probe.results.verdict import Expected, Fate, Known, Verdict
from probe.spec.rules import Level
from tests.reports.records import HANDSHAKE, UNANSWERED, exchange, report, run, step
from tests.reports.rendering import as_annotations, as_markdown, document

ODD = replace(UNANSWERED, due="a; b # c: <SEQ=1> | %", came="50%\nmore")
MILD = replace(UNANSWERED, level=Level.SHOULD)
FAILED = exchange("close-by-us", Verdict.FAIL, findings=(ODD,))
ALLOWED = re.compile(r"(sequenceDiagram|  participant [TP] as \w+|  (T->>P|P-{1,2}>>T|Note (right of P|over T,P)): .+)")


def decoded(label: str) -> str:
    """A label as Mermaid shows it."""
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), label)


@pytest.mark.parametrize("odd", ["a;b", "#x", "c: d", "<br/>", "100 %", 'say "x"', "{y}", "a\\b", "ü → é", "end"])
def test_a_label_survives_mermaids_syntax(odd: str) -> None:
    shown = label(odd)
    assert decoded(shown) == odd
    assert not set(re.sub(r"#\d+;", "", shown)) & set(';#:<>%"{}\\')


def test_a_diagram_is_made_of_known_lines_and_holds_the_finding_where_it_arose() -> None:
    lines = diagram(check.ladder(FAILED)).splitlines()
    assert [line for line in lines if not ALLOWED.fullmatch(line)] == []
    assert lines[3] == "  T->>P: S seq 0"
    assert lines[5] == "  Note right of P: SYN-RECEIVED"
    assert decoded(lines[-1]).endswith("due a; b # c: <SEQ=1> | %<br/>came 50% more")


def test_a_long_ladder_is_cut_in_its_middle() -> None:
    many = HANDSHAKE + tuple(step(">", "P.", "ESTABLISHED", text=f"P. seq {i}", number=i + 9) for i in range(100))
    drawn = diagram(check.ladder(exchange("x", Verdict.FAIL, findings=(ODD,), steps=many)))
    assert "64 segments more" in drawn
    assert drawn.count("->>") == 40


def test_what_was_not_judged_counts_is_marked_as_clearing_up() -> None:
    assert "clearing up" in diagram(check.ladder(replace(FAILED, judged=2)))


def test_a_report_shows_what_failed_and_why_the_rest_was_not_judged() -> None:
    given = report(run(exchange(), FAILED, exchange("x", Verdict.SKIP, reason="no | *way*", steps=())))
    shown = as_markdown(document(given, code=1, errors=["cannot <write>"]))
    assert shown.startswith("## probe check: 1 of 3 exchanges failed\n")
    assert "`probe: 1 pass, 1 fail, 0 warn, 0 inconclusive, 1 skip; exit 1`" in shown
    assert "| x | 192.0.2.1:80 | 4 | skip | no \\| \\*way\\* |" in shown
    assert "- cannot \\<write\\>" in shown
    assert shown.count("```mermaid") == 1


def test_what_was_expected_is_told_without_a_ladder_and_what_is_gone_by_name() -> None:
    known = replace(FAILED, known=(Known("close.fin-acked", "2026-01-31", "old firmware"),))
    gone = Expected("open", "open.syn-ack", "2026-01-01", "was so", fate=Fate.GONE)
    shown = as_markdown(document(report(run(known), expected=(gone,)), code=0))
    assert "mermaid" not in shown
    assert "expected: close.fin-acked, known since 2026-01-31: old firmware" in shown
    assert "open.syn-ack in open no longer occurs" in shown
    assert "0 fail, 0 warn, 0 inconclusive, 0 skip, 1 expected; exit 0" in shown


@pytest.mark.parametrize("room", [0, 100, 300, 700, 1500, 10_000])
def test_a_summary_keeps_to_its_room_and_says_so(room: int) -> None:
    given = report(run(*[replace(FAILED, id=f"ü{i}") for i in range(20)]))
    shown = as_markdown(document(given, code=1), room)
    assert len(shown.encode()) <= room
    assert ("Shortened" in shown) == (room > 200)
    assert shown.count("```") % 2 == 0


def test_the_weightiest_parts_are_kept() -> None:
    assert fitted("head\n", ["x" * 1000, "short"], 300).startswith("head\n\nshort\n_Shortened: 1 more part of")
    assert fitted("head", ["a", "b"], None) == "head\na\nb"


def test_text_shows_as_it_is() -> None:
    assert text("a|b<c>&*_`\n[d]") == r"a\|b\<c\>&amp;\*\_\` \[d\]"


def test_annotations_are_escaped_as_the_runner_reads_them() -> None:
    given = report(run(FAILED, exchange("w", Verdict.WARN, findings=(MILD,))))
    lines = as_annotations(document(given, errors=["50%\nbad: x"])).splitlines()
    assert lines[0] == "::error title=probe%3A environment::50%25%0Abad: x"
    assert lines[1].startswith("::error title=close.fin-acked in close-by-us::close-by-us at 192.0.2.1:80 (IPv4): sent")
    assert "50%25%0Amore" in lines[1]
    assert lines[2].startswith("::warning title=close.fin-acked in w::")


def test_of_too_many_annotations_the_last_says_how_many_there_are() -> None:
    lines = as_annotations(document(report(run(*[FAILED] * 25)))).splitlines()
    assert len(lines) == 10
    assert lines[-1] == "::error title=probe::16 more, listed in the report"


def test_nothing_is_said_of_what_was_expected_unless_there_is_news() -> None:
    known = Known("close.fin-acked", "2026-01-31", "x")
    assert as_annotations(document(report(run(replace(FAILED, known=(known,)))))) == ""
    both = replace(FAILED, findings=(ODD, replace(MILD, rule="other.rule")), known=(known,))
    (line,) = as_annotations(document(report(run(both)))).splitlines()
    assert line.startswith("::warning title=other.rule in close-by-us")


def test_a_matrix_groups_what_departs_by_rule_and_place() -> None:
    cells = tuple(
        CellResult(4, "CLOSED", "", "SYN", f"n+{i}", "none", False, word, findings=(ODD,) * (word is Verdict.FAIL))
        for i, word in enumerate((Verdict.PASS, Verdict.FAIL, Verdict.FAIL, Verdict.SKIP))
    )
    given = MatrixReport("rfc9293", (MatrixRun("192.0.2.1:80", 4, "http", cells, ()),))
    shown = as_markdown(document(given, code=1))
    assert "| CLOSED | 1+2F |" in shown
    assert "### CLOSED:SYN: fail, 2 positions" in shown
    (line,) = as_annotations(document(given)).splitlines()
    assert line.startswith("::error title=close.fin-acked in CLOSED%3ASYN::2 of CLOSED:SYN, as over IPv4: sent")
