"""What the builders of documents share: findings in full, how a case ends, what fails a run, headlines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from probe.reports.document import (
    ALWAYS,
    Alert,
    Case,
    CaseEnd,
    Counts,
    Deviation,
    Line,
    Remarks,
    fact,
)
from probe.reports.wording import fate_text, known_text, packets_text
from probe.results.connection import Replay
from probe.results.matrix import CellResult, MatrixReport
from probe.results.verdict import ExchangeResult, Expected, Finding, Known, Report, Verdict
from probe.spec import rules


def deviation(
    finding: Finding,
    word: Verdict,
    since: Known | None,
    *,
    before: Iterable[Line] = (),
    after: Iterable[Line] = (),
) -> Deviation:
    """A finding with the rule, what was sent, due and came, and where to read it up; lines without text are left out.

    ``before`` and ``after`` are what else is known of it; ``since`` is given where it was expected.
    """
    known = rules.ALL.get(finding.rule)
    facts = [
        *before,
        fact("rule", known.sentence if known else ""),
        fact("sent", finding.sent, code=True),
        fact("due", finding.due, code=True),
        fact("came", finding.came, code=True),
        fact("packets", packets_text(finding.packets)),
        *after,
        fact("expected", f"known since {since.date}: {since.reason}" if since else ""),
        fact("permitted", known.permitted if known else ""),
        fact("explain", f"probe explain {finding.rule}" if known else ""),
    ]
    told, tone = ("expected", Verdict.SKIP) if since else (word.value, word)
    shown = tuple(line for line in facts if any(line.text) and line.text != ("",))
    return Deviation(told, tone, finding.rule, finding.level_text, finding.clause, shown)


def gone(expected: Iterable[Expected]) -> list[Remarks]:
    """The expected deviations that occur no longer."""
    sentences = tuple(sentence for one in expected if (sentence := fate_text(one)))
    return [Remarks("Expected, but gone", "expected", sentences, ALWAYS)] if sentences else []


def headline(count: int, failed: int, what: str) -> str:
    """``1 of 3 exchanges failed``."""
    if failed:
        return f"{failed:,} of {count:,} {what}s failed"
    return f"no {what} failed" if count else "nothing was judged"


def counts(report: Report | MatrixReport, results: Sequence[ExchangeResult | CellResult]) -> Counts:
    """How many by verdict, those that deviated in expected ways only for themselves."""
    words = Counter(one.news for one in results if not one.expected)
    expected = len(results) - words.total() if report.expected else None
    return Counts(words, "", expected, report.interrupted)


def fails(word: Verdict, report: Report | MatrixReport | Replay) -> bool:
    """Whether a verdict fails the run."""
    return word is Verdict.FAIL or word in report.fail_on


def alert(word: Verdict, report: Report | MatrixReport | Replay, title: str, message: str) -> list[Alert]:
    """What is to be said of a verdict in the log of a pipeline: nothing of one that is no news."""
    failing = fails(word, report)
    return [Alert(failing, title, message)] if failing or word is Verdict.WARN else []


def finding_text(finding: Finding) -> str:
    """``sent …; due …; came …``."""
    return f"sent {finding.sent}; due {finding.due}; came {finding.came}"


def ended(
    verdict: Verdict,
    news: Verdict,
    findings: Sequence[Finding],
    known: Sequence[Known],
    reason: str,
    fail_on: frozenset[Verdict],
) -> tuple[CaseEnd, str, str]:
    """How a case ends, with message and kind.

    A violation fails; a warning passes, unless asked to fail; what is inconclusive, skipped or expected is skipped.
    """
    if news is Verdict.FAIL or news in fail_on:
        expected = {one.rule for one in known}
        fresh = [f for f in findings if f.rule not in expected]
        if not fresh:
            return CaseEnd.FAILED, f"{news}: {reason}", news.value
        first = fresh[0]
        more = f" (and {len(fresh) - 1} more)" if len(fresh) > 1 else ""
        told = f"{reason}; " if news is Verdict.INCONCLUSIVE else ""
        clause = f"{first.rule} ({first.level_text}, {first.clause})"
        return CaseEnd.FAILED, f"{told}{clause}: {finding_text(first)}{more}", first.rule
    if news is Verdict.PASS and verdict is not Verdict.PASS:
        return CaseEnd.SKIPPED, "; ".join(known_text(one) for one in known), "expected"
    if news in (Verdict.INCONCLUSIVE, Verdict.SKIP):
        return CaseEnd.SKIPPED, f"{news}: {reason}" if reason else news.value, news.value
    return CaseEnd.PASSED, "", ""


def in_trouble(sentence: str) -> list[Case]:
    """The case of what ended a run, or kept it from beginning."""
    return [Case("environment", CaseEnd.ERROR, sentence, "environment")] if sentence else []


def warnings(sentences: Iterable[str]) -> dict[str, str]:
    """Warnings as properties of a suite."""
    return {f"warning_{number}": warning for number, warning in enumerate(sentences, 1)}
