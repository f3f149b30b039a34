"""The report for people: first the answer, then a row per exchange, the findings in full, the reasons, the ladders."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from probe.reports.as_ladder import ladder
from probe.reports.due import due_flags
from probe.reports.paint import PLAIN, Paint
from probe.reports.table import table
from probe.reports.wording import attempts_text, clause_text, fate_text, flags_of, listed, packets_text, path_text
from probe.results.verdict import CloseForm, Compliance, ExchangeResult, Expected, Finding, Report, Run, Verdict
from probe.spec import rules

_QUESTIONS = (
    ("three-way handshake", "three_way", "open"),
    ("four-way close, by us", "close_by_us", "close-by-us"),
    ("four-way close, by peer", "close_by_peer", "close-by-peer"),
)
_HEADERS = ("exchange", "sent", "due", "came", "peer state", "verdict", "clause")
LEGEND = (
    "flags as tcpdump writes them (S SYN, F FIN, R RST, P PSH, . ACK), one word a segment;"
    " numbers relative to the ISNs; clause of RFC 9293 unless another is named"
)
_NONE = "-"
_WHO = {"listen": "client"}


@dataclass(frozen=True, slots=True)
class Style:
    """How to print: terminal width in columns, colours, and whether to leave out everything but answer and counts."""

    width: int = 120
    paint: Paint = PLAIN
    brief: bool = False


def render(
    report: Report,
    style: Style | None = None,
    *,
    exit_code: int | None = None,
    shown: Callable[[ExchangeResult], bool] = lambda result: False,
) -> str:
    """The whole report, ending in a line for grep.

    ``shown`` says which exchanges get their ladder although they passed; failed ones and warnings always get it.
    """
    how = style or Style()
    parts = ["\n".join(answer(report, run, how)) for run in report.runs]
    if not how.brief:
        for run in report.runs:
            parts += details(run, how, shown)
        if report.exchanges:
            parts.append(how.paint.faint(textwrap.fill(LEGEND, how.width)))
    parts += fates(report.expected, how)
    parts.append(counts_line(report, report.exit_code if exit_code is None else exit_code))
    return "\n\n".join(parts) + "\n"


def counts_line(report: Report, exit_code: int) -> str:
    """``probe: 42 pass, 0 fail, 0 warn, 0 inconclusive, 0 skip; exit 0``.

    With expectations, those that deviated in expected ways only are counted for themselves.
    """
    verdicts = [e.news for e in report.exchanges if not e.expected]
    words = (Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.INCONCLUSIVE, Verdict.SKIP)
    counts = [f"{verdicts.count(word)} {word}" for word in words]
    counts += [f"{len(report.exchanges) - len(verdicts)} expected"] if report.expected else []
    interrupted = ", interrupted" if report.interrupted else ""
    return f"probe: {', '.join(counts)}{interrupted}; exit {exit_code}"


def fates(expected: Iterable[Expected], how: Style) -> Iterator[str]:
    """The expected deviations that are gone, a paragraph of them."""
    lines = [text for one in expected if (text := fate_text(one))]
    if lines:
        yield "\n".join(textwrap.fill(f"expected      {line}", how.width, subsequent_indent=" " * 14) for line in lines)


# -- the answer --------------------------------------------------------------------------------------------------------


def answer(report: Report, run: Run, how: Style) -> Iterator[str]:
    """What was asked, in three lines and a heading."""
    who = _WHO.get(report.command, "target") + (f" {run.name}," if run.name else "")
    profile = run.profile or report.profile
    yield how.paint.strong(f"{who} {run.target} (IPv{run.ip_version}), profile {profile}")
    for question, topic, prefix in _QUESTIONS:
        word = getattr(run.summary, topic)
        about = [e for e in run.exchanges if e.id == prefix or e.id.startswith(f"{prefix}-")]
        remark = _remark(word, about)
        line = f"  {question:<25}{how.paint.word(word)}"
        yield from textwrap.wrap(
            line + (f" ({remark})" if remark else ""),
            how.width + 12,
            subsequent_indent=" " * 27,
            break_on_hyphens=False,
        )
    yield from _mixed(run, how)


def _mixed(run: Run, how: Style) -> Iterator[str]:
    """The line about a peer that takes both readings: no departure, but nothing a stack does on purpose."""
    if run.mixed is not None:
        sides = (
            f"only RFC 5961 explains {listed(run.mixed.mitigated)}",
            f"only the classic text {listed(run.mixed.classic)}",
        )
        line = f"  {'readings':<25}{how.paint.word('warn', 'mixed')} ({'; '.join(sides)}; see probe explain profile)"
        yield from textwrap.wrap(line, how.width + 12, subsequent_indent=" " * 27, break_on_hyphens=False)


_FORMS = {
    CloseForm.FOUR: "four-segment",
    CloseForm.THREE: "three-segment",
    CloseForm.SIMULTANEOUS: "simultaneous",
}


def _remark(word: str, about: list[ExchangeResult]) -> str:
    """What the word rests on: the forms seen, or what stands against it."""
    if word is Compliance.FOLLOWED:
        seen = sorted({_FORMS[e.form] for e in about if e.verdict is Verdict.PASS and e.form in _FORMS})
        return f"{listed(seen)} form seen" if seen else ""
    if word is Compliance.NOT_FOLLOWED:
        broken = [f"{f.rule} in {e.id}" for e in about if e.verdict is Verdict.FAIL for f in e.findings]
        return listed(dict.fromkeys(broken))
    return "; ".join(dict.fromkeys(e.reason for e in about if e.reason))


# -- one row per exchange ----------------------------------------------------------------------------------------------


def details(run: Run, how: Style, shown: Callable[[ExchangeResult], bool]) -> Iterator[str]:
    """The parts that follow the answer: a row an exchange, findings, reasons, ladders."""
    count = len(run.exchanges)
    head = f"{run.target} (IPv{run.ip_version}): {count} exchange{'s' * (count != 1)} in {run.seconds:.1f} s"
    if run.exchanges:
        yield how.paint.strong(head) + "\n" + table(_HEADERS, [_row(e, how) for e in run.exchanges], how.width)
    findings = [finding_text(e, f, how) for e in run.exchanges for f in e.findings]
    if findings:
        yield "\n\n".join(findings)
    reasons = "\n".join(_reasons(run, how))
    if reasons:
        yield reasons
    for result in run.exchanges:
        if (not result.expected and (result.findings or result.verdict in (Verdict.FAIL, Verdict.WARN))) or shown(
            result
        ):
            yield ladder(result, how.width, how.paint)


def _row(result: ExchangeResult, how: Style) -> tuple[str, ...]:
    sent, due, came = _evidence(result)
    verdict = how.paint.word("skip", "expected") if result.expected else how.paint.word(result.verdict)
    return (
        result.id,
        sent,
        due,
        came,
        path_text(result.steps[: result.judged]) or _NONE,
        verdict,
        clause_text(result.clause),
    )


def _evidence(result: ExchangeResult) -> tuple[str, str, str]:
    """What was sent, due and came: of the first finding where there is one, of the whole exchange otherwise."""
    if result.findings:
        first = result.findings[0]
        return first.sent, first.due, first.came
    if not result.steps:
        return _NONE, _NONE, _NONE
    steps = result.steps[: result.judged]
    due, came = due_flags(steps), flags_of(steps, "<")
    if result.verdict is Verdict.PASS and came:
        return flags_of(steps, ">"), due, "as due" if due == came else came
    return flags_of(steps, ">"), _NONE, came or "nothing"


# -- in full -----------------------------------------------------------------------------------------------------------


def finding_text(result: ExchangeResult, finding: Finding, how: Style) -> str:
    """A finding with what was sent, due and came, the rule and where to read it up."""
    # A deviation that may be explained otherwise is evidence, not a verdict: the exchange's word stands above it.
    word = result.verdict if result.verdict is Verdict.INCONCLUSIVE else finding.word
    since = next((one for one in result.known if one.rule == finding.rule), None)
    shown = how.paint.word("skip", "EXPECTED") if since else how.paint.word(word, word.upper())
    head = f"{shown} {result.id}: {finding.rule} ({finding.level_text}, {finding.clause})"
    known = rules.ALL.get(finding.rule)
    packets = packets_text(finding.packets)
    lines = [
        ("rule", known.sentence if known else ""),
        ("sent", finding.sent),
        ("due", finding.due),
        ("came", finding.came),
        ("packets", packets),
        ("attempts", attempts_text(result) if result.attempts > 1 else ""),
        ("expected", f"known since {since.date}: {since.reason}" if since else ""),
        ("permitted", known.permitted if known else ""),
        ("explain", f"probe explain {finding.rule}"),
    ]
    return "\n".join([head, *(_labelled(label, text, how.width) for label, text in lines if text)])


def _labelled(label: str, text: str, width: int) -> str:
    lead = f"  {label:<11}"
    return textwrap.fill(text, width, initial_indent=lead, subsequent_indent=" " * 13, break_on_hyphens=False)


def _reasons(run: Run, how: Style) -> Iterator[str]:
    """Why exchanges were skipped or left open, those with the same reason together."""
    grouped: dict[tuple[Verdict, str], list[str]] = {}
    for e in run.exchanges:
        if e.reason:
            grouped.setdefault((e.verdict, e.reason), []).append(e.id)
    for (word, reason), ids in grouped.items():
        text = f"{reason}: {', '.join(ids)}"
        first, *more = textwrap.wrap(text, max(30, how.width - 14), break_on_hyphens=False)
        yield how.paint.word(word, f"{word:<14}") + first
        yield from (" " * 14 + line for line in more)
