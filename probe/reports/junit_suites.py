"""What a check found as JUnit's suites: one a target and IP version, one case an exchange."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from probe.reports import as_junit
from probe.reports.as_junit import Case, End, Suite, environment
from probe.reports.as_ladder import ladder
from probe.reports.as_text import Style, finding_text
from probe.reports.wording import attempts_text, departures, known_text
from probe.results.verdict import ExchangeResult, Finding, Known, Report, Run, Unchecked, Verdict

_PLAIN = Style(100)


def render(report: Report, *, errors: Sequence[str] = ()) -> str:
    """The report as one document; ``errors`` are sentences of which those of runs and targets stand in their suites."""
    return as_junit.render(suites(report, errors), f"probe {report.command}")


def suites(report: Report, errors: Sequence[str] = ()) -> list[Suite]:
    """The suites: of the runs, of the targets without one, and of what went wrong beside them."""
    own = {run.trouble for run in report.runs} | {one.reason for one in report.unchecked}
    beside = [sentence for sentence in errors if sentence not in own]
    found = [_run(report, run) for run in report.runs] + [_lost(report, one) for one in report.unchecked]
    return found + ([environment(f"probe {report.command}", beside)] if beside else [])


def _run(report: Report, run: Run) -> Suite:
    cases = [case(e, report.fail_on) for e in run.exchanges]
    if run.trouble:
        cases.append(Case("environment", End.ERROR, run.trouble, "environment"))
    began = [e.steps[0].time for e in run.exchanges if e.steps]
    title = _title(run.name, run.target, run.ip_version)
    return Suite(
        f"probe {report.command} {title}",
        f"{report.command}.{title.replace('.', '_')}",
        cases,
        dict(_properties(report, run)),
        run.seconds,
        min(began, default=None),
    )


def _properties(report: Report, run: Run) -> Iterator[tuple[str, str]]:
    yield "target", run.target
    yield "ip_version", str(run.ip_version)
    yield "profile", run.profile or report.profile
    yield "three_way", run.summary.three_way
    yield "close_by_us", run.summary.close_by_us
    yield "close_by_peer", run.summary.close_by_peer
    for number, warning in enumerate(run.warnings, 1):
        yield f"warning_{number}", warning


def _lost(report: Report, one: Unchecked) -> Suite:
    title = _title(one.name, one.target, one.ip_version)
    cases = [Case("environment", End.ERROR, one.reason, "environment")]
    return Suite(f"probe {report.command} {title}", f"{report.command}.{title.replace('.', '_')}", cases)


def _title(name: str, target: str, version: int) -> str:
    return " ".join(filter(None, (name, target, f"IPv{version}" if version else "")))


def case(result: ExchangeResult, fail_on: frozenset[Verdict] = frozenset()) -> Case:
    """One exchange as a case, with its evidence."""
    steps = result.steps
    end, message, kind = outcome(result.verdict, result.news, result.findings, result.known, result.reason, fail_on)
    details = "\n\n".join(finding_text(result, finding, _PLAIN) for finding in result.findings)
    ladders = [ladder(result, _PLAIN.width)] if steps else []
    tries = [attempts_text(result)] if result.attempts > 1 else []
    reason = [result.reason] if result.reason else []
    return Case(
        result.id,
        end,
        message,
        kind,
        details if end is End.FAILED else "",
        "\n\n".join(filter(None, (*reason, *tries, details, *departures(result), *ladders))) + "\n"
        if steps or details
        else "",
        steps[-1].time - steps[0].time if steps else 0.0,
    )


def outcome(
    verdict: Verdict,
    news: Verdict,
    findings: Sequence[Finding],
    known: Sequence[Known],
    reason: str,
    fail_on: frozenset[Verdict],
) -> tuple[End, str, str]:
    """How a case ends, with message and kind.

    A violation fails; a warning passes, unless asked to fail; what is inconclusive, skipped or expected is skipped.
    """
    if news is Verdict.FAIL or news in fail_on:
        rules = {one.rule for one in known}
        fresh = [f for f in findings if f.rule not in rules]
        if not fresh:
            return End.FAILED, f"{news}: {reason}", news.value
        first = fresh[0]
        more = f" (and {len(fresh) - 1} more)" if len(fresh) > 1 else ""
        told = f"{reason}; " if news is Verdict.INCONCLUSIVE else ""
        clause = f"{first.rule} ({first.level_text}, {first.clause})"
        return End.FAILED, f"{told}{clause}: sent {first.sent}; due {first.due}; came {first.came}{more}", first.rule
    if news is Verdict.PASS and verdict is not Verdict.PASS:
        return End.SKIPPED, "; ".join(known_text(one) for one in known), "expected"
    if news in (Verdict.INCONCLUSIVE, Verdict.SKIP):
        return End.SKIPPED, f"{news}: {reason}" if reason else news.value, news.value
    return End.PASSED, "", ""
