"""JUnit XML: what fails, what is skipped, what is an error, and that Jenkins' schema takes it."""

from __future__ import annotations

from dataclasses import replace

from lxml import etree

from probe.reports.document import Trouble
from probe.results.matrix import CellResult, MatrixReport, MatrixRun
from probe.results.verdict import Finding, Known, Report, Unchecked, Verdict
from probe.spec.rules import Level
from tests.helpers.results import junit
from tests.reports.records import UNANSWERED, exchange, report, run
from tests.reports.rendering import as_junit, document

MILD = replace(UNANSWERED, level=Level.SHOULD)
KNOWN = Known("close.fin-acked", "2026-01-31", "the firewall drops it")


def found(given: Report, *errors: Trouble) -> etree._Element:
    return junit(as_junit(document(given, errors=list(errors))))


def results(root: etree._Element) -> dict[str, list[str]]:
    """The tags of each case's results, by its name."""
    return {
        str(case.get("name")): [str(child.tag) for child in case if child.tag != "system-out"]
        for case in root.iter("testcase")
    }


def test_every_verdict_has_its_result() -> None:
    root = found(
        report(
            run(
                exchange("passes"),
                exchange("fails", Verdict.FAIL, findings=(UNANSWERED,)),
                exchange("warns", Verdict.WARN, findings=(MILD,)),
                exchange("open", Verdict.INCONCLUSIVE, reason="no answer"),
                exchange("skips", Verdict.SKIP, reason="no trigger", steps=()),
                exchange("known", Verdict.FAIL, findings=(UNANSWERED,), known=(KNOWN,)),
            )
        )
    )
    assert results(root) == {
        "passes": [],
        "fails": ["failure"],
        "warns": [],
        "open": ["skipped"],
        "skips": ["skipped"],
        "known": ["skipped"],
    }
    assert [(s.get("tests"), s.get("failures"), s.get("errors"), s.get("skipped")) for s in root] == [
        ("6", "1", "0", "3")
    ]
    messages = {str(s.get("message")) for s in root.iter("skipped")}
    known = "expected: close.fin-acked, known since 2026-01-31: the firewall drops it"
    assert messages == {"inconclusive: no answer", "skip: no trigger", known}


def test_a_failure_names_the_rule_and_carries_the_ladder() -> None:
    root = found(report(run(exchange("close", Verdict.FAIL, findings=(UNANSWERED,), attempts=3, deviated=3))))
    (failure,) = root.iter("failure")
    assert failure.get("type") == "close.fin-acked"
    assert failure.get("message") == (
        "close.fin-acked (SPEC, RFC 9293 3.6 case 2): sent F. seq 1 ack 1; due . seq 1 ack 2; came nothing for 1.0 s"
    )
    (out,) = root.iter("system-out")
    assert "S. seq 0 ack 1" in (out.text or "")
    assert "deviated in 3 of 3 attempts" in (out.text or "")


def test_a_warning_passes_with_its_finding_unless_asked_to_fail() -> None:
    given = report(run(exchange("warns", Verdict.WARN, findings=(MILD,))))
    root = found(given)
    assert results(root) == {"warns": []}
    assert "close.fin-acked" in str(root.findtext(".//system-out"))
    assert results(found(replace(given, fail_on=frozenset({Verdict.WARN})))) == {"warns": ["failure"]}


def test_asked_to_fail_on_inconclusive_the_reason_is_the_message() -> None:
    given = report(
        run(exchange("x", Verdict.INCONCLUSIVE, reason="no answer")), fail_on=frozenset({Verdict.INCONCLUSIVE})
    )
    (failure,) = found(given).iter("failure")
    assert failure.get("message") == "inconclusive: no answer"


def test_troubles_are_errors_where_they_belong() -> None:
    given = report(run(exchange(), trouble="line gone"), unchecked=(Unchecked("far:80", "no such host"),))
    root = found(given, Trouble("line gone", own=True), Trouble("no such host", own=True), Trouble("cannot write x"))
    suites = {str(s.get("name")): [str(e.get("message")) for e in s.iter("error")] for s in root}
    assert suites == {
        "probe check 192.0.2.1:80 IPv4": ["line gone"],
        "probe check far:80": ["no such host"],
        "probe check": ["cannot write x"],
    }
    assert (root.get("errors"), root.get("tests")) == ("3", "4")


def test_properties_come_first_and_a_suite_is_a_target_and_version() -> None:
    root = found(report(run(exchange()), run(exchange(), target="[::1]:80", version=6)))
    assert [suite[0].tag for suite in root] == ["properties", "properties"]
    assert [suite.get("name") for suite in root] == ["probe check 192.0.2.1:80 IPv4", "probe check [::1]:80 IPv6"]
    assert root[0].get("timestamp") == "2023-11-14T22:13:20"
    assert {str(case.get("classname")) for case in root[0].iter("testcase")} == {"check.192_0_2_1:80 IPv4"}


def test_runs_that_look_alike_stay_apart() -> None:
    assert len(found(report(run(exchange()), run(exchange())))) == 2


def test_what_xml_cannot_hold_is_replaced() -> None:
    root = found(report(run(exchange("x", Verdict.SKIP, reason="a\x00b\ud800c\x1b]d\ufffe <&>\"'", steps=()))))
    (skipped,) = root.iter("skipped")
    assert skipped.get("message") == "skip: a\ufffdb\ufffdc\ufffd]d\ufffd <&>\"'"


def test_a_matrix_has_a_case_for_every_group_of_cells() -> None:
    broken = Finding("reset.unsynchronized", Level.MUST, "RFC 9293 3.5.2", "S seq 0", "R.", "nothing")
    cells = tuple(
        CellResult(4, "CLOSED", "", "SYN", f"n+{i}", "none", False, word, findings=(broken,) * (word is Verdict.FAIL))
        for i, word in enumerate((Verdict.PASS, Verdict.FAIL, Verdict.FAIL, Verdict.INCONCLUSIVE))
    )
    skipped = CellResult(4, "LISTEN", "", "ACK", "", "", False, Verdict.SKIP, "no way there")
    one = MatrixRun("192.0.2.1:80", 4, "http", (*cells, skipped), (), trouble="line gone")
    root = junit(
        as_junit(
            document(
                MatrixReport("rfc9293", (one,)), errors=[Trouble("line gone", own=True), Trouble("cannot write x")]
            )
        )
    )
    assert results(root) == {
        "CLOSED SYN": ["failure"],
        "LISTEN ACK": ["skipped"],
        "environment": ["error"],
        "environment 1": ["error"],
    }
    (failure,) = root.iter("failure")
    assert str(failure.get("message")).startswith("2 of 4 positions, as reset.unsynchronized (MUST,")
    assert "4 positions: 1 pass, 2 fail and 1 inconclusive" in str(root.findtext(".//system-out"))
