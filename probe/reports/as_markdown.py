"""The report in Markdown, for a job's summary or a comment: a table, then every finding with its ladder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from probe.reports.as_mermaid import diagram
from probe.reports.as_text import counts_line
from probe.reports.markdown import code, fitted, mermaid, table, text
from probe.reports.wording import attempts_text, fate_text, known_text
from probe.results.verdict import ExchangeResult, Expected, Report, Run, Verdict

_WORDS = (Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.INCONCLUSIVE, Verdict.SKIP)
_HEADERS = ("target", "IP", "three-way", "close by us", "close by peer", *(word.value for word in _WORDS))
_ASIDE = ("exchange", "target", "IP", "verdict", "reason")


def render(report: Report, *, exit_code: int, errors: Sequence[str] = (), room: int | None = None) -> str:
    """The document; with ``room``, no longer than so many octets."""
    top = [head(report, exit_code=exit_code)]
    top += ["".join(f"- {text(sentence)}\n" for sentence in errors)] if errors else []
    return fitted("\n".join(top), [*parts(report), *ladders(report)], room)


def head(report: Report, *, exit_code: int, of: str = "") -> str:
    """Heading, counts and table; ``of`` is what the heading names beside the command."""
    headers = (*_HEADERS, *(["expected"] if report.expected else []))
    rows = [_row(run)[: len(headers)] for run in report.runs]
    rows += [
        (
            text(f"{one.name} {one.target}".strip()),
            str(one.ip_version or "-"),
            text(one.reason),
            *[""] * len(headers[3:]),
        )
        for one in report.unchecked
    ]
    heading = f"## probe {report.command}{of}: {_headline(report)}\n"
    return "\n".join([heading, f"{code(counts_line(report, exit_code))}\n", *([table(headers, rows)] if rows else [])])


def _headline(report: Report) -> str:
    exchanges = report.exchanges
    failed = sum(e.news is Verdict.FAIL or e.news in report.fail_on for e in exchanges)
    if failed:
        return f"{failed} of {len(exchanges)} exchanges failed"
    return "no exchange failed" if exchanges else "nothing was judged"


def _row(run: Run) -> tuple[str, ...]:
    words = [e.news for e in run.exchanges if not e.expected]
    summary = (run.summary.three_way, run.summary.close_by_us, run.summary.close_by_peer)
    counts = [str(words.count(word)) for word in _WORDS]
    expected = str(len(run.exchanges) - len(words))
    return (text(f"{run.name} {run.target}".strip()), str(run.ip_version), *summary, *counts, expected)


# -- below the table, the weightiest first -----------------------------------------------------------------------------


def parts(report: Report) -> Iterator[str]:
    """What failed, what was not judged, what is gone."""
    for run, result in _told(report):
        yield _findings(run, result)
    yield from (_departures(run, e) for run in report.runs for e in run.exchanges if e.departures)
    if aside := [_aside(run, e) for run in report.runs for e in run.exchanges if _is_aside(e)]:
        yield "### Expected, inconclusive, skipped\n\n" + table(_ASIDE, aside)
    yield from gone(report.expected)


def gone(expected: Iterable[Expected]) -> Iterator[str]:
    """The expected deviations that are gone, in a part."""
    if fates := [f"- {text(sentence)}\n" for one in expected if (sentence := fate_text(one))]:
        yield "### Expected, but gone\n\n" + "".join(fates)


def ladders(report: Report) -> Iterator[str]:
    """The exchanges that failed, drawn."""
    for run, result in _told(report):
        if result.steps and result.news in report.fail_on.union({Verdict.FAIL}):
            yield f"### {_where(run, result)}: ladder\n\n" + mermaid(diagram(result))


def _told(report: Report) -> list[tuple[Run, ExchangeResult]]:
    told = [(run, e) for run in report.runs for e in run.exchanges if e.findings and not e.expected]
    return sorted(told, key=lambda pair: pair[1].news is not Verdict.FAIL)


def _where(run: Run, result: ExchangeResult) -> str:
    return f"{text(result.id)} at {text(run.name or run.target)} (IPv{run.ip_version})"


def _findings(run: Run, result: ExchangeResult) -> str:
    reason = f": {text(result.reason)}" if result.reason else ""
    lines = [f"### {_where(run, result)}: {result.news}{reason}\n"]
    for f in result.findings:
        lines.append(f"{code(f.rule)} ({text(f.level_text)}, {text(f.clause)})\n")
        seen = [("attempts", text(attempts_text(result)))] if result.attempts > 1 else []
        about = [("sent", code(f.sent)), ("due", code(f.due)), ("came", code(f.came)), *seen]
        lines.append("".join(f"- {label} {value}\n" for label, value in about))
    return "\n".join(lines)


def _departures(run: Run, result: ExchangeResult) -> str:
    """Where a captured connection that was re-enacted took another course."""
    lines = [f"- step {d.step}: captured {code(d.captured)}, live {code(d.live)}\n" for d in result.departures]
    return f"### {_where(run, result)}: departures from the capture\n\n" + "".join(lines)


def _is_aside(result: ExchangeResult) -> bool:
    return result.expected or result.news in (Verdict.INCONCLUSIVE, Verdict.SKIP)


def _aside(run: Run, result: ExchangeResult) -> tuple[str, ...]:
    word = "expected" if result.expected else result.news.value
    reason = "; ".join(map(known_text, result.known)) if result.expected else result.reason
    tries = f" ({attempts_text(result)})" if result.attempts > 1 else ""
    return (text(result.id), text(run.name or run.target), str(run.ip_version), word, text(reason + tries))
