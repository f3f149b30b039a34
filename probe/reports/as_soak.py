"""What a soak came to, in every format: counts, times, outages, what the peer was left with, the first departure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime

from probe.reports import as_annotations, as_json, as_jsonl, markdown
from probe.reports.as_annotations import Annotation
from probe.reports.as_json import Document
from probe.reports.as_ladder import ladder
from probe.reports.as_mermaid import diagram
from probe.reports.as_text import Style, finding_text
from probe.reports.table import table
from probe.results.soak import Latency, SoakResult
from probe.results.verdict import Verdict

_HEADERS = ("time in ms", "of", "least", "median", "90 %", "99 %", "most")


# -- for people --------------------------------------------------------------------------------------------------------


def render(result: SoakResult, style: Style | None = None, *, exit_code: int) -> str:
    """The report, ending in a line for grep."""
    how = style or Style()
    head = f"target {result.target} (IPv{result.ip_version}), profile {result.profile}"
    facts = [
        textwrap.fill(f"  {label:<12}{text}", how.width, subsequent_indent=" " * 14) for label, text in _facts(result)
    ]
    parts = ["\n".join([how.paint.strong(head), *facts])]
    if rows := _times(result):
        parts.append(table(_HEADERS, rows, how.width))
    if not how.brief:
        if (first := result.first) is not None:
            parts.append(how.paint.strong(f"the first exchange that departed, at {_clock(first.steps[0].time)}"))
            parts += [finding_text(first, finding, how) for finding in first.findings]
            parts.append(ladder(first, how.width, how.paint))
        if reasons := dict.fromkeys(e.reason for e in result.shown if e.reason):
            lines = (f"e.g. {reason}" for reason in reasons)
            parts.append("\n".join(textwrap.fill(line, how.width, subsequent_indent=" " * 5) for line in lines))
    return "\n\n".join([*parts, counts_line(result, exit_code)]) + "\n"


def counts_line(result: SoakResult, exit_code: int) -> str:
    """``probe: 42 pass, 0 fail, 0 warn, 0 inconclusive, 0 skip; exit 0``."""
    words = (Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.INCONCLUSIVE, Verdict.SKIP)
    counts = ", ".join(f"{result.verdicts.get(word, 0)} {word}" for word in words)
    return f"probe: {counts}{', interrupted' if result.interrupted and not result.trouble else ''}; exit {exit_code}"


def progress_text(result: SoakResult, share: float | None) -> str:
    """One line while it runs; ``share`` of it is done (None: it has no end)."""
    bar = "" if share is None else f"[{'#' * round(24 * min(1.0, share)):-<24}] {min(1.0, share):4.0%} "
    other = "".join(
        f", {count:,} {word}" for word, count in result.verdicts.items() if count and word is not Verdict.PASS
    )
    down = ", the peer is down" if result.outages and result.outages[-1].ended is None else ""
    return f"{bar}{result.exchanges:,} exchanges, {result.rate:,.0f}/s{other}{down}; {result.seconds:.0f} s"


def _facts(result: SoakResult) -> Iterator[tuple[str, str]]:
    """What it came to, each with its label."""
    yield (
        result.exchange,
        f"{result.exchanges:,} exchanges over {result.attempts:,} connections in {result.seconds:.1f} s from"
        f" {_clock(result.began)} on: {result.rate:,.0f} a second",
    )
    if forms := [f"{count:,} {form}" for form, count in result.forms.items() if form]:
        yield "closes", ", ".join(forms)
    if result.doubtful:
        yield "in doubt", f"{result.doubtful:,} attempts were repeated or explained away"
    for outage in result.outages:
        until = f"until {_clock(outage.ended)}" if outage.ended is not None else "and did not come back"
        yield "outage", f"the peer was gone from {_clock(outage.began)} on ({outage.reason}) {until}"
    if result.left is None:
        yield "left open", "not known: the peer's kernel is not this machine's, or does not tell"
    else:
        sockets = ", ".join(f"{count:,} in {state}" for state, count in sorted(result.left.items()))
        yield "left open", f"{sockets} on the peer" if sockets else "nothing on the peer"


def _times(result: SoakResult) -> list[tuple[str, ...]]:
    named = (("handshake", result.handshake), ("whole exchange", result.whole))
    return [(name, f"{found.count:,}", *_milliseconds(found)) for name, found in named if found is not None]


def _milliseconds(latency: Latency) -> Iterator[str]:
    every = (latency.least, latency.median, latency.p90, latency.p99, latency.most)
    return (f"{1000 * seconds:.3g}" if seconds < 1 else f"{1000 * seconds:,.0f}" for seconds in every)


def _clock(moment: float) -> str:
    return datetime.fromtimestamp(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")


# -- for programs ------------------------------------------------------------------------------------------------------


def counts(result: SoakResult) -> Document:
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
        "outages": [{"began": o.began, "ended": o.ended, "reason": o.reason} for o in result.outages],
    }


def document(result: SoakResult, *, exit_code: int, errors: Sequence[str] = ()) -> Document:
    """The whole as plain lists, dicts and numbers."""
    return {
        **as_json.envelope("soak", result.profile, exit_code),
        "interrupted": result.interrupted,
        **counts(result),
        "began": result.began,
        "forms": {form.value: count for form, count in result.forms.items() if form},
        "left": result.left,
        "first": None if result.first is None else as_json.exchange(result.first),
        "shown": [as_json.exchange(one) for one in result.shown],
        "warnings": list(result.warnings),
        "errors": list(errors),
    }


def _latency(latency: Latency | None) -> Document | None:
    """In seconds."""
    if latency is None:
        return None
    found = (latency.least, latency.median, latency.p90, latency.p99, latency.most)
    named = zip(("least", "median", "p90", "p99", "most"), found, strict=True)
    return {"count": latency.count} | {name: round(seconds, 9) for name, seconds in named}


class SoakPapers:
    """The report of a soak in every format it can be had in; verdicts of ``fail_on`` fail too."""

    def __init__(self, result: SoakResult, fail_on: frozenset[Verdict]) -> None:
        self.result, self.fail_on = result, fail_on

    def json(self, code: int, errors: Sequence[str]) -> str:
        """The JSON document."""
        return as_json.dumps(document(self.result, exit_code=code, errors=errors))

    def last_line(self, code: int, errors: Sequence[str], now: float) -> str:
        """The line that ends --jsonl."""
        found = document(self.result, exit_code=code, errors=errors)
        left_out = ("schema_version", "command", "shown")
        return as_jsonl.event("summary", "soak", now, {k: v for k, v in found.items() if k not in left_out})

    def junit(self, errors: Sequence[str]) -> str:
        """JUnit XML: one case, which all exchanges share."""
        from probe.reports.as_junit import Case, End, Suite, environment
        from probe.reports.as_junit import render as junit  # its package takes a while to load

        result = self.result
        bad = [word for word in (Verdict.FAIL, *self.fail_on) if result.verdicts.get(word)]
        end = End.FAILED if bad else End.PASSED if result.verdicts.get(Verdict.PASS) else End.SKIPPED
        message = "" if end is End.PASSED else counts_line(result, 0).partition(": ")[2].partition(";")[0]
        text = render(result, Style(100), exit_code=0)
        case = Case(result.exchange, end, message, bad[0] if bad else "", text, text, result.seconds)
        title = f"{result.target} IPv{result.ip_version}"
        suite = Suite(
            f"probe soak {title}",
            f"soak.{title.replace('.', '_')}",
            [case],
            {"target": result.target, "profile": result.profile},
            result.seconds,
            result.began,
        )
        return junit([suite, *([environment("probe soak", errors)] if errors else [])], "probe soak")

    def markdown(self, code: int, errors: Sequence[str], room: int | None = None) -> str:
        """The summary, in so many octets at most."""
        result, text = self.result, markdown.text
        head = [
            f"## probe soak: {result.exchanges:,} exchanges, {result.rate:,.0f} a second\n",
            f"{markdown.code(counts_line(result, code))}\n",
            "".join(f"- {text(sentence)}\n" for sentence in errors),
            "".join(f"- {text(label)}: {text(what)}\n" for label, what in _facts(result)),
            markdown.table(_HEADERS, _times(result)),
        ]
        parts = []
        if (first := result.first) is not None:
            lines = [f"### {text(first.id)} departed first at {_clock(first.steps[0].time)}\n"]
            for f in first.findings:
                what = f"sent {markdown.code(f.sent)}, due {markdown.code(f.due)}, came {markdown.code(f.came)}"
                lines.append(f"- {markdown.code(f.rule)} ({text(f.level_text)}, {text(f.clause)}): {what}\n")
            parts = ["\n".join(lines), markdown.mermaid(diagram(first))]
        return markdown.fitted("\n".join(part for part in head if part), parts, room)

    def annotations(self, errors: Sequence[str]) -> str:
        """Workflow commands of GitHub Actions."""
        found = list(as_annotations.troubles(errors))
        for f in self.result.first.findings if self.result.first is not None else ():
            level = as_annotations.level_of(f.word, self.fail_on)
            if level is not None:
                message = (
                    f"{self.result.target}: sent {f.sent}; due {f.due}; came {f.came} ({f.level_text}, {f.clause})"
                )
                found.append(Annotation(level, f"{f.rule} in {self.result.exchange}", message))
        return as_annotations.written(found)

    def expectations(self, today: str, reason: str) -> tuple[()]:
        """A soak lists no deviations."""
        return ()
