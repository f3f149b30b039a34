"""The report of several hosts: a row a host, then the details of those where something failed."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator

from probe.reports.as_text import LEGEND, Style, answer, counts_line, details, fates
from probe.reports.table import table
from probe.reports.wording import listed
from probe.results.verdict import ExchangeResult, Report, Run, Unchecked, Verdict

_HEADERS = ("target", "IP", "three-way", "close, us", "close, peer", "pass", "fail", "warn", "open", "skip", "worst")
_WORDS = (Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.INCONCLUSIVE, Verdict.SKIP)
_LEGEND = (
    "close, us: four-way close by us; close, peer: by the peer; open: inconclusive; worst: the weightiest finding, else"
    " why something is open"
)
_NONE = "-"


def render(
    report: Report,
    style: Style | None = None,
    *,
    exit_code: int | None = None,
    shown: Callable[[ExchangeResult], bool] = lambda result: False,
) -> str:
    """The whole report, ending in a line for grep. ``shown`` says which exchanges get their ladder though they passed.

    Hosts where nothing failed have their row and nothing more, unless something of them is shown.
    """
    how = style or Style()
    rows = [_row(run, how) for run in report.runs] + [_lost(one, how) for one in report.unchecked]
    parts = [table(_HEADERS, rows, how.width), how.paint.faint(textwrap.fill(_LEGEND, how.width))]
    told = [run for run in report.runs if _worth_telling(run, shown)]
    if told and not how.brief:
        for run in told:
            parts += ["\n".join(answer(report, run, how)), *details(run, how, shown)]
        parts.append(how.paint.faint(textwrap.fill(LEGEND, how.width)))
    parts += fates(report.expected, how)
    parts.append(_counts(report, report.exit_code if exit_code is None else exit_code))
    return "\n\n".join(parts) + "\n"


def _counts(report: Report, exit_code: int) -> str:
    """``probe: 3 targets: 42 pass, …; exit 0``, with the targets of which nothing can be told."""
    total = len(report.runs) + len(report.unchecked)
    beside = f", {len(report.unchecked)} not checked" if report.unchecked else ""
    return counts_line(report, exit_code).replace("probe: ", f"probe: {total} target{'s' * (total != 1)}{beside}: ", 1)


def _worth_telling(run: Run, shown: Callable[[ExchangeResult], bool]) -> bool:
    return any(e.news is Verdict.FAIL or shown(e) for e in run.exchanges)


def _row(run: Run, how: Style) -> tuple[str, ...]:
    verdicts = [e.news for e in run.exchanges]
    summary = (run.summary.three_way, run.summary.close_by_us, run.summary.close_by_peer)
    counts = [how.paint.word(word, str(verdicts.count(word))) if word in verdicts else "0" for word in _WORDS]
    words = [how.paint.word(word) for word in summary]
    return (_called(run.name, run.target), str(run.ip_version), *words, *counts, worst(run))


def _lost(one: Unchecked, how: Style) -> tuple[str, ...]:
    place = _called(one.name, one.target)
    version = str(one.ip_version or _NONE)
    return (place, version, *[_NONE] * 8, f"{how.paint.word('inconclusive', 'not checked')}: {one.reason}")


def _called(name: str, target: str) -> str:
    return f"{name} {target}" if name else target


def worst(run: Run) -> str:
    """The weightiest thing to be said of a run, in a few words."""
    return next(_remarks(run), _NONE)


def _remarks(run: Run) -> Iterator[str]:
    """From the weightiest to the lightest."""
    for word in (Verdict.FAIL, Verdict.WARN):
        found = [f"{finding.rule} in {e.id}" for e in run.exchanges if e.news is word for finding in e.findings]
        if found:
            yield f"{word}: {found[0]}{_more(len(found))}"
    if run.interrupted:
        yield run.trouble or "interrupted"
    reasons: dict[str, list[str]] = {}
    for e in run.exchanges:
        if e.verdict is Verdict.INCONCLUSIVE:
            reasons.setdefault(e.reason, []).append(e.id)
    if reasons:
        reason, ids = max(reasons.items(), key=lambda item: len(item[1]))
        where = f" ({listed(ids)})" if len(ids) <= 2 else f" ({len(ids)} exchanges)"
        yield f"{reason}{where}{_more(len(reasons))}"
    if run.mixed is not None:
        yield "mixes the readings of RFC 793 and RFC 5961"


def _more(count: int) -> str:
    return f", and {count - 1} more" if count > 1 else ""
