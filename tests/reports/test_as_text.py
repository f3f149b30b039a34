"""The report for people: the answer first, a row per exchange, findings in full, a last line for grep."""

from __future__ import annotations

import re

import pytest

from probe.reports.builders.common import Chosen, none
from probe.reports.formats.text import Style
from probe.reports.paint import Paint
from probe.results.answers import Compliance, Summary
from probe.results.verdict import CloseForm, ExchangeResult, MixedReadings, Origin, Report, Verdict
from tests.reports import rendering
from tests.reports.records import UNANSWERED, exchange, report, run, step

FOUR, THREE = CloseForm.FOUR, CloseForm.THREE
FAILED = exchange("close-by-us", Verdict.FAIL, findings=(UNANSWERED,))


def render(found: Report, style: Style | None = None, shown: Chosen = none) -> str:
    return rendering.as_text(rendering.document(found, show=shown), style)


def row(text: str, name: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"{name} "))


def test_the_answer_comes_first_and_names_the_forms_seen() -> None:
    text = render(report(run(exchange(), exchange("close-by-us", form=THREE), exchange("close-by-us-four", form=FOUR))))
    lines = text.splitlines()
    assert lines[0] == "target 192.0.2.1:80 (IPv4), profile rfc9293"
    assert lines[1].split() == ["three-way", "handshake", "followed"]
    assert lines[2].endswith("followed (four-segment and three-segment form seen)")


def test_what_stands_against_a_close_is_named_beside_it() -> None:
    reasons = ("", "close.fin-acked in close-by-us", "nothing makes the peer close first (close-by-peer)")
    summary = Summary(Compliance.FOLLOWED, Compliance.NOT_FOLLOWED, Compliance.SKIPPED, reasons)
    lines = render(report(run(FAILED, summary=summary))).splitlines()
    assert lines[2].endswith("not followed (close.fin-acked in close-by-us)")
    assert "not shown (nothing makes the peer close first" in lines[3]


def test_a_passing_exchange_shows_flags_and_states() -> None:
    cells = re.split(r" {2,}", row(render(report(run(exchange()))), "open"))
    assert cells == ["open", "S .", "S. .", "as due", "ESTABLISHED", "pass", "3.6"]


def test_what_came_beside_what_was_due_is_shown() -> None:
    odd = step("<", ".", "ESTABLISHED", origin=Origin(unexplained=True))
    plain = exchange()
    cells = re.split(r" {2,}", row(render(report(run(exchange(steps=(*plain.steps, odd))))), "open"))
    assert cells[2:4] == ["S. .", "S. . ."]


def test_a_finding_is_told_in_full_and_its_ladder_printed() -> None:
    text = render(report(run(FAILED)))
    assert "FAIL close-by-us: close.fin-acked (SPEC, RFC 9293 3.6 case 2)" in text
    for label, value in (
        ("sent", "F. seq 1 ack 1"),
        ("due", ". seq 1 ack 2"),
        ("came", "nothing for 1.0 s"),
        ("packets", "3, 4"),
    ):
        assert re.search(rf"^  {label} +{re.escape(value)}$", text, re.MULTILINE)
    assert "192.0.2.2:5000 > 192.0.2.1:80" in text


def test_a_doubtful_finding_is_never_called_a_failure() -> None:
    doubtful = exchange("close-by-us", Verdict.INCONCLUSIVE, findings=(UNANSWERED,), reason="the path loses segments")
    text = render(report(run(doubtful)))
    assert "INCONCLUSIVE close-by-us: close.fin-acked" in text
    assert "FAIL" not in text


def test_reasons_are_given_once_for_all_exchanges_that_share_them() -> None:
    skipped = [exchange(name, Verdict.SKIP, steps=(), reason="run probe target there") for name in ("a", "b")]
    text = render(report(run(*skipped)))
    assert text.count("run probe target there: a, b") == 1


@pytest.mark.parametrize(
    ("exchanges", "line"),
    [
        ((exchange(),), "probe: 1 pass, 0 fail, 0 warn, 0 inconclusive, 0 skip; exit 0"),
        ((exchange(), FAILED), "probe: 1 pass, 1 fail, 0 warn, 0 inconclusive, 0 skip; exit 1"),
        ((exchange("x", Verdict.INCONCLUSIVE),), "probe: 0 pass, 0 fail, 0 warn, 1 inconclusive, 0 skip; exit 3"),
    ],
)
def test_the_last_line_counts_and_names_the_exit_code(exchanges: tuple[ExchangeResult, ...], line: str) -> None:
    assert render(report(run(*exchanges))).splitlines()[-1] == line


def test_an_interruption_shows_in_the_last_line() -> None:
    cut = report(run(exchange()), interrupted=True)
    assert render(cut).splitlines()[-1].endswith("0 skip, interrupted; exit 130")


def test_asked_for_ladders_are_printed_and_no_others() -> None:
    text = render(report(run(exchange("a"), exchange("b"))), shown=lambda result: result.id == "b")
    assert "b: title of b" in text
    assert "a: title of a" not in text


def test_brief_is_answer_and_counts() -> None:
    text = render(report(run(FAILED)), Style(brief=True))
    assert len(text.splitlines()) == 6


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_report_fits_the_terminal(width: int) -> None:
    long = "the application behind the port did not close its side within 3 s, " * 3
    results = (exchange("close-by-peer-merged"), FAILED, exchange("half-close", Verdict.SKIP, reason=long, steps=()))
    text = render(report(run(*results)), Style(width), shown=lambda result: True)
    # The last line is made for grep, and one line however narrow the terminal is.
    assert max(map(len, text.splitlines()[:-1])) <= width


def test_colour_changes_nothing_but_colour() -> None:
    results = (exchange(), FAILED, exchange("b", Verdict.SKIP, reason="why", steps=()))
    plain, coloured = (render(report(run(*results)), Style(paint=Paint(on))) for on in (False, True))
    assert "\x1b[" not in plain
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain
    assert coloured != plain


def test_a_peer_that_takes_both_readings_is_told_under_the_answer() -> None:
    one = run(exchange(), mixed=MixedReadings(("rst-blind", "rst-edge"), ("syn-blind",)))
    lines = render(report(one)).splitlines()
    start = next(i for i, line in enumerate(lines) if "readings" in line)
    told = " ".join(" ".join(lines[start : start + 2]).split())
    assert "mixed (only RFC 5961 explains rst-blind and rst-edge; only the classic text syn-blind" in told
    assert "readings" not in render(report(run(exchange())))
