"""The report of a soak: counts, times, outages, what the peer was left with, the first exchange that departed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, astuple, replace
from datetime import datetime
from functools import partial

from probe.reports import data
from probe.reports import document as doc
from probe.reports.builders import check, common
from probe.reports.wording import share_text
from probe.results.soak import Latency, SoakResult
from probe.results.verdict import Verdict

_HEADERS = ("time in ms", "of", "least", "median", "90 %", "99 %", "most")


def document(result: SoakResult, fail_on: frozenset[Verdict] = frozenset()) -> doc.Document:
    """The document; verdicts of ``fail_on`` fail too."""
    heading = f"target {result.target} (IPv{result.ip_version}), profile {result.profile}"
    overview: list[doc.Part] = [doc.Answer(heading, tuple(_facts(result)), doc.ALWAYS)]
    named = (("handshake", result.handshake), ("whole exchange", result.whole))
    rows = []
    for name, found in named:
        if found is not None:
            times = (f"{1000 * t:.3g}" if t < 1 else f"{1000 * t:,.0f}" for t in astuple(found)[1:])
            rows.append((name, f"{found.count:,}", *times))
    overview += [doc.Table(_HEADERS, tuple(rows), on=doc.ALWAYS)] if rows else []
    details: list[doc.Part] = []
    if (first := result.first) is not None:
        title = f"the first exchange that departed, at {_clock(first.steps[0].time)}"
        details.append(replace(check.deviations(None, first), title=title))
        details.append(replace(check.ladder(first), title=title, about=(title, first.flow), on=doc.TOLD))
    if reasons := dict.fromkeys(e.reason for e in result.shown if e.reason):
        details.append(doc.Reasons(tuple(("e.g.", reason) for reason in reasons)))
    counts = doc.Counts(result.verdicts, interrupted=result.interrupted and not result.trouble)
    told = f"{result.exchanges:,} exchanges, {result.rate:,.0f} a second"
    return doc.Document(
        "soak",
        (doc.Section(told, counts, tuple(overview), tuple(details)),),
        partial(_data, result, fail_on),
        frozenset({"shown"}),
        suites=lambda: [_suite(result, fail_on, overview, details)],
        alerts=lambda: [
            doc.Alert(
                f.word is Verdict.FAIL or f.word in fail_on,
                f"{f.rule} in {result.exchange}",
                f"{result.target}: {common.finding_text(f)} ({f.level_text}, {f.clause})",
            )
            for f in (first.findings if first is not None else ())
        ],
    )


def progress_text(result: SoakResult, share: float | None) -> str:
    """One line while it runs; ``share`` of it is done (None: it has no end)."""
    bar = "" if share is None else f"{share_text(share)} "
    other = "".join(
        f", {count:,} {word}" for word, count in result.verdicts.items() if count and word is not Verdict.PASS
    )
    down = ", the peer is down" if result.outages and result.outages[-1].ended is None else ""
    return f"{bar}{result.exchanges:,} exchanges, {result.rate:,.0f}/s{other}{down}; {result.seconds:.0f} s"


def _facts(result: SoakResult) -> Iterator[doc.Line]:
    played = f"{result.exchanges:,} exchanges over {result.attempts:,} connections in {result.seconds:.1f} s"
    yield doc.fact(result.exchange, f"{played} from {_clock(result.began)} on: {result.rate:,.0f} a second")
    if forms := [f"{count:,} {form}" for form, count in result.forms.items() if form]:
        yield doc.fact("closes", ", ".join(forms))
    if result.doubtful:
        yield doc.fact("in doubt", f"{result.doubtful:,} attempts were repeated or explained away")
    for outage in result.outages:
        until = f"until {_clock(outage.ended)}" if outage.ended is not None else "and did not come back"
        yield doc.fact("outage", f"the peer was gone from {_clock(outage.began)} on ({outage.reason}) {until}")
    if result.left is None:
        yield doc.fact("left open", "not known: the peer's kernel is not this machine's, or does not tell")
    else:
        sockets = ", ".join(f"{count:,} in {state}" for state, count in sorted(result.left.items()))
        yield doc.fact("left open", f"{sockets} on the peer" if sockets else "nothing on the peer")


def _clock(moment: float) -> str:
    return datetime.fromtimestamp(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def counts(result: SoakResult) -> doc.Data:
    """What can be told at any time: the body of the line that --jsonl has for each second."""
    return {
        "target": result.target,
        "ip_version": result.ip_version,
        "exchange": result.exchange,
        "seconds": round(result.seconds, 6),
        "exchanges": result.exchanges,
        "connections": result.attempts,
        "rate": round(result.rate, 3),
        "counts": {word.value: result.verdicts.get(word, 0) for word in Verdict},
        "doubtful": result.doubtful,
        "dropped": result.dropped,
        "handshake": _latency(result.handshake),
        "whole": _latency(result.whole),
        "outages": [asdict(outage) for outage in result.outages],
    }


def _data(result: SoakResult, fail_on: frozenset[Verdict]) -> doc.Data:
    return {
        **data.envelope("soak", result.profile, result.exit_code(fail_on)),
        "interrupted": result.interrupted,
        **counts(result),
        "began": result.began,
        "forms": {form.value: count for form, count in result.forms.items() if form},
        "left": result.left,
        "first": None if result.first is None else data.exchange(result.first),
        "shown": [data.exchange(one) for one in result.shown],
        "warnings": list(result.warnings),
        "errors": [],
    }


def _latency(latency: Latency | None) -> doc.Data | None:
    """In seconds, beside their count."""
    return None if latency is None else {name: round(number, 9) for name, number in asdict(latency).items()}


def _suite(
    result: SoakResult, fail_on: frozenset[Verdict], overview: list[doc.Part], details: list[doc.Part]
) -> doc.Suite:
    """One case, which all exchanges share."""
    bad = [word for word in (Verdict.FAIL, *fail_on) if result.verdicts.get(word)]
    parts = (*overview, *details)
    if bad:
        message = ", ".join(f"{count} {word}" for word, count in result.verdicts.items() if count)
        case = doc.Case(result.exchange, doc.CaseEnd.FAILED, message, bad[0].value, parts, parts, result.seconds)
    else:
        end = doc.CaseEnd.PASSED if result.verdicts.get(Verdict.PASS) else doc.CaseEnd.SKIPPED
        case = doc.Case(result.exchange, end, evidence=parts, seconds=result.seconds)
    properties = {"target": result.target, "profile": result.profile}
    name = f"{result.target} IPv{result.ip_version}"
    return doc.Suite(name, [case], properties, result.seconds, result.began)
