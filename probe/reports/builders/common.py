"""What the builders of documents share: findings in full, how a case ends, what fails a run, headlines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from probe.reports import document as doc
from probe.reports.wording import known_text, packets_text
from probe.results.connection import Replay
from probe.results.matrix import CellResult, MatrixReport, MatrixRun
from probe.results.verdict import ExchangeResult, Expected, Fate, Finding, Known, Report, Run, Verdict, WithNews
from probe.spec import rules

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)
Chosen = Callable[[ExchangeResult | CellResult], bool]
"""Whether an exchange, or a cell, is told of in full although it need not be."""


def none(result: ExchangeResult | CellResult) -> bool:
    """No exchange, and no cell."""
    return False


def deviation(
    finding: Finding,
    word: Verdict,
    since: Known | None,
    *,
    before: Iterable[doc.Line] = (),
    after: Iterable[doc.Line] = (),
    permitted: bool = False,
) -> doc.Deviation:
    """A finding with the rule, what was sent, due and came, and where to read it up; lines without text are left out.

    ``before`` and ``after`` are what else is known of it; ``since`` is given where it was expected. ``permitted``: what
    the rule permits is told, too.
    """
    known = rules.ALL.get(finding.rule)
    facts = [
        *before,
        doc.fact("rule", known.sentence if known else ""),
        doc.fact("sent", finding.sent, code=True),
        doc.fact("due", finding.due, code=True),
        doc.fact("came", finding.came, code=True),
        doc.fact("effect", finding.effect.text),
        doc.fact("packets", packets_text(finding.packets)),
        *after,
        doc.fact("expected", f"known since {since.date}: {since.reason}" if since else ""),
        doc.fact("permitted", known.permitted if known and permitted else ""),
        doc.fact("explain", f"probe explain {finding.rule}" if known else ""),
    ]
    told, tone = ("expected", Verdict.SKIP) if since else (word.value, word)
    shown = tuple(line for line in facts if any(line.text) and line.text != ("",))
    return doc.Deviation(told, tone, finding.rule, finding.level_text, finding.clause, shown)


def noted(results: Iterable[ExchangeResult | CellResult]) -> list[doc.Part]:
    """What is told beside the verdicts and does not weigh on them: by rule, with the places where it was seen."""
    places = grouped(((f, r) for r in results for f in r.notes), lambda one: (one[0].rule, one[0].effect.text))
    rows = []
    for (rule, effect), some in places.items():
        where = Counter(r.id if isinstance(r, ExchangeResult) else r.place for _, r in some)
        seen = ", ".join(place if count == 1 else f"{place} ({count})" for place, count in where.items())
        rows.append(("note", f"{rule}: {effect + ': ' if effect else ''}{seen}"))
    return [doc.Reasons(tuple(rows))] if rows else []


def about_run(run: Run | MatrixRun) -> list[doc.Line]:
    """What holds for all of a run, told once: the suspects of the path that were found, and what is odd of the peer."""
    told = {"path": run.path and run.path.sentence, "learned": run.learned and run.learned.sentence}
    return [doc.fact(label, sentence) for label, sentence in told.items() if sentence]


def properties(run: Run | MatrixRun) -> dict[str, str]:
    """The same, and the warnings of the run, for a suite."""
    return {line.label: doc.uncoloured(*line.text) for line in about_run(run)} | warnings(run.warnings)


def on_runs(runs: Iterable[Run | MatrixRun]) -> list[doc.Remarks]:
    """The same of all runs, for a summary, whose tables have no room for it."""
    told = [
        f"{run.target} (IPv{run.ip_version}): {line.label}: {doc.uncoloured(*line.text)}"
        for run in runs
        for line in about_run(run)
    ]
    return [doc.Remarks("About the runs", "", tuple(told), doc.On.SUMMARY)] if told else []


def gone(expected: Iterable[Expected]) -> list[doc.Remarks]:
    """The expected deviations that occur no longer."""
    sentences = []
    for one in (one for one in expected if one.fate is Fate.GONE):
        where = f"{one.rule} in {one.exchange}" + (f" of {one.target}" if one.target else "")
        where += f" over IPv{one.ip_version}" if one.ip_version else ""
        since = f"expected since {one.date}, {one.reason}"
        sentences.append(f"{where} no longer occurs ({since}): take it out of the expectations")
    return [doc.Remarks("Expected, but gone", "expected", tuple(sentences), doc.ALWAYS)] if sentences else []


def grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    """The items that share a key, in the order in which the first of each comes."""
    found: dict[Key, list[Item]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found


def headline(count: int, failed: int, what: str) -> str:
    """``1 of 3 exchanges failed``."""
    if failed:
        return f"{failed:,} of {count:,} {what}s failed"
    return f"no {what} failed" if count else "nothing was judged"


def counts(report: Report | MatrixReport, results: Sequence[ExchangeResult | CellResult]) -> doc.Counts:
    """How many by verdict, those that deviated in expected ways only for themselves."""
    words = Counter(one.news for one in results if not one.expected)
    expected = len(results) - words.total() if report.expected else None
    return doc.Counts(words, "", expected, report.interrupted)


def fails(word: Verdict, report: Report | MatrixReport | Replay) -> bool:
    """Whether a verdict fails the run."""
    return word is Verdict.FAIL or word in report.fail_on


def alert(word: Verdict, report: Report | MatrixReport | Replay, title: str, message: str) -> list[doc.Alert]:
    """What is to be said of a verdict in the log of a pipeline: nothing of one that is no news."""
    failing = fails(word, report)
    return [doc.Alert(failing, title, message)] if failing or word is Verdict.WARN else []


def finding_text(finding: Finding | CellResult) -> str:
    """``sent …; due …; came …``."""
    return f"sent {finding.sent}; due {finding.due}; came {finding.came}"


def expected_text(one: WithNews) -> str:
    """What was expected of something that deviated in no other way."""
    return "; ".join(known_text(known) for known in one.known if known is not None) if one.expected else ""


def ended(one: WithNews, reason: str, fail_on: frozenset[Verdict]) -> tuple[doc.CaseEnd, str, str]:
    """How a case ends, with message and kind, from what is news in it.

    A violation fails; a warning passes, unless asked to fail; what is inconclusive, skipped or expected is skipped.
    """
    news = one.news
    if news is Verdict.FAIL or news in fail_on:
        if not one.fresh:
            return doc.CaseEnd.FAILED, f"{news}: {reason}", news.value
        first, *others = one.fresh
        more = f" (and {len(others)} more)" if others else ""
        told = f"{reason}; " if news is Verdict.INCONCLUSIVE else ""
        clause = f"{first.rule} ({first.level_text}, {first.clause})"
        return doc.CaseEnd.FAILED, f"{told}{clause}: {finding_text(first)}{more}", first.rule
    if one.expected:
        return doc.CaseEnd.SKIPPED, expected_text(one), "expected"
    if news in (Verdict.INCONCLUSIVE, Verdict.SKIP):
        return doc.CaseEnd.SKIPPED, f"{news}: {reason}" if reason else news.value, news.value
    return doc.CaseEnd.PASSED, "", ""


def in_trouble(sentence: str) -> list[doc.Case]:
    """The case of what ended a run, or kept it from beginning."""
    return [doc.Case("environment", doc.CaseEnd.ERROR, sentence, "environment")] if sentence else []


def warnings(sentences: Iterable[str]) -> dict[str, str]:
    """Warnings as properties of a suite."""
    return {f"warning_{number}": warning for number, warning in enumerate(sentences, 1)}
