"""The report of a check, of listening, of a recording judged again: answers, exchanges, findings, ladders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from probe.reports import data
from probe.reports import document as doc
from probe.reports.builders import common
from probe.reports.builders import why as proofs
from probe.reports.builders.common import Chosen, none
from probe.reports.wording import attempts_text, departures, due_flags, flags_of, listed, path_text
from probe.results.answers import Compliance
from probe.results.verdict import CloseForm, ExchangeResult, Report, Run, Unchecked, Verdict

_QUESTIONS = (
    ("three-way handshake", "three_way", "open"),
    ("four-way close, by us", "close_by_us", "close-by-us"),
    ("four-way close, by peer", "close_by_peer", "close-by-peer"),
)
_HEADERS = ("exchange", "sent", "due", "came", "peer state", "verdict", "clause")
_LEGEND = doc.Note(
    "flags as tcpdump writes them (S SYN, F FIN, R RST, P PSH, . ACK), one word a segment;"
    " numbers relative to the ISNs; clause of RFC 9293 unless another is named"
)
_FLEET = (
    "close, us: four-way close by us; close, peer: by the peer; open: inconclusive; worst: the weightiest finding, else"
    " why something is open"
)
_NONE = "-"
_FORMS = {CloseForm.FOUR: "four-segment", CloseForm.THREE: "three-segment", CloseForm.SIMULTANEOUS: "simultaneous"}


def document(report: Report, show: Chosen = none, why: Chosen = none, *, several: bool = False) -> doc.Document:
    """The document. ``show`` says which exchanges get their ladder although they passed, ``why`` which their proofs.

    Of ``several`` targets each has a row, and only those where something failed are told of in full.
    """
    return doc.Document(
        report.command,
        (section(report, show, why, several=several),),
        partial(data.check, report),
        frozenset({"exchanges", "runs"}),
        suites=partial(suites, report),
        alerts=partial(alerts, report),
    )


def section(report: Report, show: Chosen = none, why: Chosen = none, *, several: bool = False) -> doc.Section:
    """What a report comes to, apart from the command it answers."""
    overview: list[doc.Part] = [] if several else [_answer(report, run) for run in report.runs]
    overview += [_targets(report, several=several)] if report.runs or report.unchecked else []
    overview += common.on_runs(report.runs)
    details: list[doc.Part] = []
    for run in report.runs:
        told = not several or any(e.news is Verdict.FAIL or show(e) or why(e) for e in run.exchanges)
        own: list[doc.Part] = [replace(_answer(report, run), on=doc.On.TERMINAL)] if several else []
        own += _details(report, run, show, why)
        details += own if told else [replace(one, on=one.on & ~doc.ANSWER) for one in own]
    details += _aside(report)
    details += [_LEGEND] * any(one.on & doc.On.TERMINAL for one in details)
    details += common.gone(report.expected)
    total = len(report.runs) + len(report.unchecked)
    lost = f", {len(report.unchecked)} not checked" if report.unchecked else ""
    lead = f"{total} target{'s' * (total != 1)}{lost}: " if several else ""
    failed = sum(common.fails(e.news, report) for e in report.exchanges)
    return doc.Section(
        common.headline(len(report.exchanges), failed, "exchange"),
        replace(common.counts(report, report.exchanges), lead=lead),
        tuple(overview),
        tuple(details),
    )


# -- the answer --------------------------------------------------------------------------------------------------------


def _answer(report: Report, run: Run) -> doc.Answer:
    """The answers, each with what it rests on: the forms seen, or what stands against it."""
    who = ("client" if report.command == "listen" else "target") + (f" {run.name}," if run.name else "")
    lines = []
    for (question, topic, prefix), reason in zip(_QUESTIONS, run.summary.reasons, strict=True):
        word: Compliance = getattr(run.summary, topic)
        remark = reason
        if word is Compliance.FOLLOWED:
            about = [e for e in run.exchanges if e.id == prefix or e.id.startswith(f"{prefix}-")]
            seen = sorted({_FORMS[e.form] for e in about if e.verdict is Verdict.PASS and e.form in _FORMS})
            remark = "; ".join(filter(None, (f"{listed(seen)} form seen" if seen else "", reason)))
        lines.append(doc.Line(question, (doc.toned(word, word.text), f" ({remark})" if remark else "")))
    if around := run.summary.around.text:
        lines.append(doc.Line("around them", (around,)))
    lines += common.about_run(run)
    if run.mixed is not None:  # no departure, but nothing a stack does on purpose
        new, old = listed(run.mixed.mitigated), listed(run.mixed.classic)
        sides = f" (only RFC 5961 explains {new}; only the classic text {old}; see probe explain profile)"
        lines.append(doc.Line("readings", (doc.toned("warn", "mixed"), sides)))
    trigger = f", trigger: {run.trigger}" if run.trigger else ""
    heading = f"{who} {run.target} (IPv{run.ip_version}), profile {run.profile or report.profile}{trigger}"
    return doc.Answer(heading, tuple(lines), doc.ANSWER)


def _targets(report: Report, *, several: bool) -> doc.Table:
    """A row a target and IP version."""
    headers = ["target", "IP", "three-way", "close, us", "close, peer", "pass", "fail", "warn", "open", "skip"]
    headers += (["expected"] if report.expected else []) + ["worst"]
    rows: list[tuple[doc.Text, ...]] = []
    for run in report.runs:
        words = [e.news for e in run.exchanges if not e.expected]
        numbers = [doc.toned(word, str(words.count(word))) if word in words else "0" for word in Verdict]
        numbers += [str(len(run.exchanges) - len(words))] if report.expected else []
        words_told: tuple[Compliance, ...] = tuple(getattr(run.summary, topic) for _, topic, _ in _QUESTIONS)
        answers = (doc.toned(word, word.text) for word in words_told)
        worst = next(_weightiest(run), _NONE)
        rows.append((f"{run.name} {run.target}".strip(), str(run.ip_version), *answers, *numbers, worst))
    for one in report.unchecked:
        nothing = [_NONE] * (len(headers) - 3)
        version = str(one.ip_version or _NONE)
        rows.append((f"{one.name} {one.target}".strip(), version, *nothing, f"not checked: {one.reason}"))
    return doc.Table(tuple(headers), tuple(rows), legend=_FLEET, on=doc.ALWAYS if several else doc.On.SUMMARY)


def _weightiest(run: Run) -> Iterator[str]:
    """What is to be said of a run in a few words, from the weightiest to the lightest."""

    def more(count: int) -> str:
        return f", and {count - 1} more" if count > 1 else ""

    for word in (Verdict.FAIL, Verdict.WARN):
        found = [f"{finding.rule} in {e.id}" for e in run.exchanges if e.news is word for finding in e.findings]
        if found:
            yield f"{word}: {found[0]}{more(len(found))}"
    if run.interrupted:
        yield run.trouble or "interrupted"
    reasons = common.grouped((e for e in run.exchanges if e.verdict is Verdict.INCONCLUSIVE), lambda e: e.reason)
    if reasons:
        reason, some = max(reasons.items(), key=lambda item: len(item[1]))
        where = f" ({listed(e.id for e in some)})" if len(some) <= 2 else f" ({len(some)} exchanges)"
        yield f"{reason}{where}{more(len(reasons))}"
    if run.mixed is not None:
        yield "mixes the readings of RFC 793 and RFC 5961"


# -- exchange by exchange ----------------------------------------------------------------------------------------------


def _details(report: Report, run: Run, show: Chosen, why: Chosen) -> Iterator[doc.Part]:
    count = len(run.exchanges)
    title = f"{run.target} (IPv{run.ip_version}): {count} exchange{'s' * (count != 1)} in {run.seconds:.1f} s"
    if run.exchanges:
        yield doc.Table(_HEADERS, tuple(map(_row, run.exchanges)), title, on=doc.On.TERMINAL)
    yield from (found for e in run.exchanges if (found := deviations(run, e)).found)
    reasons = common.grouped((e for e in run.exchanges if e.reason), lambda e: (e.verdict.value, e.reason)).items()
    if reasons:
        yield doc.Reasons(tuple((word, f"{why}: {', '.join(e.id for e in some)}") for (word, why), some in reasons))
    yield from common.noted(run.exchanges)
    yield from (
        doc.Remarks(f"{_where(run, e)}: departures from the capture", "", tuple(departures(e)), doc.On.SUMMARY)
        for e in run.exchanges
        if e.departures
    )
    for e in run.exchanges:
        odd = not e.expected and (bool(e.findings) or e.verdict in (Verdict.FAIL, Verdict.WARN))
        drawn = e.steps and e.findings and not e.expected and common.fails(e.news, report)
        on = (doc.On.TERMINAL if odd or show(e) or why(e) else doc.On.PAGE) | (doc.On.SUMMARY if drawn else doc.On.PAGE)
        yield replace(ladder(e), title=f"{_where(run, e)}: ladder", on=on)
        if why(e):
            yield proofs.why(e, _where(run, e))


def _row(e: ExchangeResult) -> tuple[doc.Text, ...]:
    """What was sent, due and came: of the first finding where there is one, of the whole exchange otherwise."""
    steps = e.steps[: e.judged]
    sent = due = came = _NONE
    if e.findings:
        sent, due, came = e.findings[0].sent, e.findings[0].due, e.findings[0].came
    elif e.steps:
        sent, came = flags_of(steps, ">"), flags_of(steps, "<")
        if e.verdict is Verdict.PASS and came:
            due = due_flags(steps)
            came = "as due" if due == came else came
        came = came or "nothing"
    word = doc.toned("skip", "expected") if e.expected else doc.toned(e.verdict)
    return (e.id, sent, due, came, path_text(steps) or _NONE, word, e.clause.removeprefix("RFC 9293 "))


def _where(run: Run, result: ExchangeResult) -> str:
    return f"{result.id} at {run.name or run.target} (IPv{run.ip_version})"


def deviations(run: Run | None, result: ExchangeResult) -> doc.Deviations:
    """The findings of an exchange in full."""
    attempts = doc.fact("attempts", attempts_text(result) if result.attempts > 1 else "")
    found = []
    for finding in result.findings:
        # A deviation that may be explained otherwise is evidence, not a verdict: the exchange's word stands above it.
        word = result.verdict if result.verdict is Verdict.INCONCLUSIVE else finding.word
        since = next((known for known in result.known if known.rule == finding.rule), None)
        found.append(common.deviation(finding, word, since, after=[attempts], permitted=True))
    on = doc.On.TERMINAL if result.expected else doc.On.TERMINAL | doc.On.SUMMARY
    title = _where(run, result) if run else result.id
    return doc.Deviations(result.id, title, result.news, result.reason, tuple(found), on)


def _aside(report: Report) -> list[doc.Table]:
    """What was expected, and what has no verdict."""
    rows: list[tuple[doc.Text, ...]] = []
    for run in report.runs:
        for e in run.exchanges:
            if e.expected or e.news in (Verdict.INCONCLUSIVE, Verdict.SKIP):
                reason = common.expected_text(e) or e.reason
                tries = f" ({attempts_text(e)})" if e.attempts > 1 else ""
                word = "expected" if e.expected else e.news.value
                rows.append((e.id, run.name or run.target, str(run.ip_version), word, reason + tries))
    headers = ("exchange", "target", "IP", "verdict", "reason")
    return [doc.Table(headers, tuple(rows), "Expected, inconclusive, skipped", on=doc.On.SUMMARY)] if rows else []


def ladder(result: ExchangeResult) -> doc.Ladder:
    """Every segment of an exchange, and what it told about the peer's state."""
    form = f", {result.form}" if result.form else ""
    broken = {number: f.rule for f in result.findings for number in f.packets if number}
    return doc.Ladder(
        result.id,
        (doc.toned("strong", result.id), f": {result.title}: ", doc.toned(result.verdict), form),
        (result.flow,) if result.steps else (),
        ("tester", "peer"),
        ("", "peer state inferred"),
        lambda: [
            doc.Rung(
                place,
                step.number,
                step.time - result.steps[0].time,
                step.direction == ">",
                step.text,
                right=step.peer_states,
                kernel=step.kernel_state or "",
                note=step.origin.text,
                broken=broken.get(step.number, ""),
            )
            for place, step in enumerate(result.steps)
        ],
        len(result.steps),
        result.findings,
        judged=result.judged,
        blank="no segment was exchanged" + (f": {result.reason}" if result.reason else ""),
    )


# -- for pipelines -----------------------------------------------------------------------------------------------------


def alerts(report: Report) -> Iterator[doc.Alert]:
    """One a finding that is news."""
    for run in report.runs:
        for e in run.exchanges:
            if not e.fresh:
                yield from common.alert(e.news, report, f"{e.news}: {e.id}", f"{_where(run, e)}: {e.reason}")
            for f in e.fresh:
                text = f"{_where(run, e)}: {common.finding_text(f)} ({f.level_text}, {f.clause})"
                yield from common.alert(e.news, report, f"{f.rule} in {e.id}", text)


def suites(report: Report) -> list[doc.Suite]:
    """One a target and IP version, with a case an exchange; and those of targets without a run."""
    made = []
    for run in report.runs:
        properties = {
            "target": run.target,
            "ip_version": str(run.ip_version),
            "profile": run.profile or report.profile,
            "three_way": _told(run, 0),
            "close_by_us": _told(run, 1),
            "close_by_peer": _told(run, 2),
            "around": run.summary.around.text,
            **common.properties(run),
        }
        cases = [case(e, report.fail_on) for e in run.exchanges] + common.in_trouble(run.trouble)
        began = min((e.steps[0].time for e in run.exchanges if e.steps), default=None)
        made.append(doc.Suite(_title(run), cases, properties, run.seconds, began))
    unchecked = (doc.Suite(_title(one), common.in_trouble(one.reason)) for one in report.unchecked)
    return [*made, *unchecked]


def _told(run: Run, place: int) -> str:
    """An answer with its reason."""
    word: Compliance = getattr(run.summary, _QUESTIONS[place][1])
    reason = run.summary.reasons[place]
    return f"{word.text}: {reason}" if reason else word.text


def _title(one: Run | Unchecked) -> str:
    return " ".join(filter(None, (one.name, one.target, f"IPv{one.ip_version}" if one.ip_version else "")))


def case(result: ExchangeResult, fail_on: frozenset[Verdict] = frozenset()) -> doc.Case:
    """One exchange as a case, with its evidence."""
    steps, found = result.steps, deviations(None, result)
    end, message, kind = common.ended(result, result.reason, fail_on)
    evidence: list[doc.Part | str] = []
    if steps or found.found:
        evidence = [result.reason, attempts_text(result) if result.attempts > 1 else ""]
        evidence += [found] * bool(found.found) + departures(result) + [ladder(result)] * bool(steps)
    return doc.Case(
        result.id,
        end,
        message,
        kind,
        (found,) if end is doc.CaseEnd.FAILED and found.found else (),
        tuple(filter(None, evidence)),
        steps[-1].time - steps[0].time if steps else 0.0,
    )
