"""Expected deviations: what they cover, what becomes of them, and that a run's own list makes it pass."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from probe.results.connection import Replay
from probe.results.expectations import CAPTURE, Place, covers, fates, from_runs, marked_matrix, marked_run, matches
from probe.results.matrix import CellResult, MatrixReport, MatrixRun
from probe.results.verdict import Expected, Fate, Report, Run, Verdict
from probe.spec.rules import Level
from tests.reports.records import UNANSWERED, exchange, report, run

RULE = UNANSWERED.rule
OTHER = replace(UNANSWERED, rule="other.rule", level=Level.SHOULD)
FAILED = exchange("close-by-us", Verdict.FAIL, findings=(UNANSWERED,))
EXPECTED = Expected("close-by-us", RULE, "2026-01-31", "old firmware")


def held(one: Run, *expectations: Expected, fail_on: frozenset[Verdict] = frozenset()) -> Report:
    marked = marked_run(one, expectations)
    return report(marked, expected=fates(expectations, [marked]), fail_on=fail_on)


@pytest.mark.parametrize(
    ("pattern", "matched"),
    [("[::1]:80", True), ("[*]:80", True), ("[::?]:80", True), ("[::1]", False), ("*:81", False), (":", False)],
)
def test_brackets_stand_for_themselves(pattern: str, matched: bool) -> None:
    assert matches(pattern, "[::1]:80") is matched


@pytest.mark.parametrize(
    ("change", "covered"),
    [
        ({}, True),
        ({"target": "192.0.2.*"}, True),
        ({"target": "web"}, True),
        ({"target": "198.51.100.1:80"}, False),
        ({"ip_version": 4}, True),
        ({"ip_version": 6}, False),
        ({"exchange": "close-*"}, True),
        ({"exchange": "open"}, False),
    ],
)
def test_what_an_expectation_covers(change: dict[str, str | int], covered: bool) -> None:
    expected = replace(EXPECTED, **change)  # type: ignore[arg-type]
    assert covers(expected, Place("192.0.2.1:80", "web", 4, "close-by-us")) is covered


def test_an_expected_deviation_fails_nothing() -> None:
    found = held(run(exchange(), FAILED), EXPECTED)
    assert found.exit_code == 0
    assert [e.expected for e in found.exchanges] == [False, True]
    assert found.exchanges[1].verdict is Verdict.FAIL
    assert [one.fate for one in found.expected] == [Fate.OCCURS]


def test_another_rule_at_the_same_exchange_is_news() -> None:
    both = replace(FAILED, findings=(UNANSWERED, OTHER))
    assert held(run(both), EXPECTED).exchanges[0].news is Verdict.WARN
    assert held(run(both), replace(EXPECTED, rule="other.rule")).exit_code == 1
    assert held(run(both), EXPECTED, fail_on=frozenset({Verdict.WARN})).exit_code == 1


@pytest.mark.parametrize(
    ("words", "fate"),
    [
        ((Verdict.PASS,), Fate.GONE),
        ((Verdict.SKIP,), Fate.OPEN),
        ((), Fate.OPEN),
        ((Verdict.INCONCLUSIVE,), Fate.OPEN),
        ((Verdict.PASS, Verdict.INCONCLUSIVE), Fate.OPEN),
        ((Verdict.PASS, Verdict.FAIL), Fate.OCCURS),
    ],
)
def test_gone_is_only_what_was_judged_everywhere_and_did_not_occur(words: tuple[Verdict, ...], fate: Fate) -> None:
    runs = [
        run(exchange("close-by-us", word, findings=(UNANSWERED,) if word is Verdict.FAIL else ()), version=version)
        for version, word in zip((4, 6), words, strict=False)
    ]
    assert [one.fate for one in fates([EXPECTED], runs)] == [fate]


def test_an_inconclusive_exchange_stays_inconclusive() -> None:
    doubt = replace(FAILED, verdict=Verdict.INCONCLUSIVE)
    assert held(run(doubt), EXPECTED).exit_code == 3


@pytest.mark.parametrize(
    ("fail_on", "code"),
    [((), 3), ((Verdict.WARN,), 1), ((Verdict.INCONCLUSIVE,), 1), ((Verdict.WARN, Verdict.INCONCLUSIVE), 1)],
)
def test_what_fails_a_run_beside_a_violation(fail_on: tuple[Verdict, ...], code: int) -> None:
    words = (exchange("a", Verdict.WARN, findings=(OTHER,)), exchange("b", Verdict.INCONCLUSIVE))
    assert report(run(*words), fail_on=frozenset(fail_on)).exit_code == code


def test_the_list_of_a_run_makes_the_same_run_pass() -> None:
    both = [run(exchange(), FAILED, target=t, version=v) for t, v in (("192.0.2.1:80", 4), ("[::1]:80", 6))]
    (one,) = from_runs(both, (), "2026-01-31", "why")
    assert (one.target, one.ip_version) == ("", 0)
    assert all(held(each, one).exit_code == 0 for each in both)


def test_targets_and_versions_are_named_only_where_they_differ() -> None:
    fine = run(exchange("close-by-us"), target="[::1]:80", version=6)
    (only4,) = from_runs([run(FAILED), fine], (), "2026-01-31", "why")
    assert (only4.target, only4.ip_version) == ("", 4)
    (first,) = from_runs([run(FAILED), run(exchange("close-by-us"), target="far:80")], (), "2026-01-31", "why")
    assert (first.target, first.ip_version) == ("192.0.2.1:80", 0)


def test_a_new_list_keeps_dates_and_reasons_and_drops_what_is_gone() -> None:
    fresh = exchange("open", Verdict.FAIL, findings=(OTHER,))
    before = (EXPECTED, replace(EXPECTED, exchange="half-close"))
    found = held(run(fresh, FAILED, exchange("half-close")), *before)
    kept, new = from_runs(found.runs, (), "2026-02-01", "why", found.expected)
    assert (kept.exchange, kept.date) == ("close-by-us", "2026-01-31")
    assert (new.exchange, new.rule, new.date) == ("open", "other.rule", "2026-02-01")


def test_cells_of_a_matrix_are_exchanges_by_state_and_segment() -> None:
    cell = CellResult(4, "CLOSED", "", "SYN+ACK", "n", "m", False, Verdict.FAIL, findings=(UNANSWERED,))
    one = MatrixRun("192.0.2.1:80", 4, "http", (cell,), ())
    (expected,) = from_runs((), [one], "2026-01-31", "why")
    assert expected.exchange == "CLOSED:SYN+ACK"
    assert MatrixReport("rfc9293", (one,)).exit_code == 1
    assert MatrixReport("rfc9293", (marked_matrix(one, [expected]),)).exit_code == 0


@pytest.mark.parametrize("cut", [{"interrupted": True}, {"late": True}, {"faults": (("a.pcap", 24, "cut off"),)}])
def test_a_replay_that_did_not_read_all_says_of_nothing_that_it_is_gone(cut: dict[str, Any]) -> None:
    """What was not read may show it."""
    there = replace(EXPECTED, exchange=CAPTURE)
    whole = Replay(("a.pcap",), "rfc9293", 9, 1, {}, {}, {"pass": 1}, (), expected=(replace(there, fate=Fate.GONE),))
    assert [one.fate for one in fates([there], replay=whole)] == [Fate.GONE]
    assert [one.fate for one in fates([there], replay=replace(whole, **cut))] == [Fate.OPEN]
