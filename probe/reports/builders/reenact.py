"""The report of a re-enactment: the answer, both exchanges side by side, where they part, the findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from probe.reports import document as doc
from probe.reports.builders import check, common
from probe.reports.wording import departures, states_text
from probe.results.verdict import Captured, ExchangeResult, Report, Verdict
from probe.spec.segment import ACK, PSH


def document(report: Report, show: common.Chosen = common.none) -> doc.Document:
    """The document: for pipelines as that of a check, on a terminal both exchanges side by side."""
    found = check.document(report)
    (section,) = found.sections
    kept = [
        replace(one, on=one.on & ~doc.ANSWER) if not isinstance(one, doc.Remarks) else one
        for one in section.details
        if not isinstance(one, doc.Note)
    ]
    overview, details = list[doc.Part](), list[doc.Part]()
    for e in report.exchanges:
        word = doc.toned("skip", common.expected_text(e)) if e.expected else doc.toned(e.verdict)
        flow = f" as {e.flow}" if e.flow else ""
        form = f", {e.form}" if e.form else ""
        attempts = f" ({e.attempts} attempts)" if e.attempts > 1 else ""
        lines = (
            doc.Line("verdict", (word, f": {e.reason}" if e.reason else "")),
            doc.fact("re-enacted", f"{e.title}{flow}{form}{attempts}"),
        )
        overview.append(doc.Answer(e.target, lines, doc.ANSWER))
        if e.steps:
            details.append(doc.Comparison(tuple(_pairs(e)), doc.ANSWER if show(e) else doc.On.TERMINAL))
        followed = "the live exchange followed the captured one to its end"
        if sentences := departures(e) or [followed] * (e.verdict is not Verdict.INCONCLUSIVE):
            details.append(doc.Remarks("", "", tuple(sentences), doc.ANSWER))
        if e.findings:
            details.append(replace(check.deviations(None, e), on=doc.ANSWER))
    overview += [one for one in section.overview if isinstance(one, doc.Table)]
    return replace(found, sections=(replace(section, overview=tuple(overview), details=(*details, *kept)),))


def _pairs(result: ExchangeResult) -> Iterator[doc.Pair]:
    """A line for each captured segment with its live counterpart, and for each live segment without one."""
    departed = {d.step for d in result.departures}
    start = result.steps[0].time
    for captured, place in _lines(result):
        step = None if place is None else result.steps[place]
        clearing = place is not None and result.judged is not None and place >= result.judged
        remark = states_text(step.peer_states) if step else captured.note if captured else ""
        yield doc.Pair(
            captured.step if captured else None,
            doc.Half(captured.time, captured.direction == ">", captured.text) if captured else None,
            doc.Half(step.time - start, step.direction == ">", step.text) if step else None,
            "(clearing up)" if clearing else remark,
            captured is not None and captured.step in departed,
            plain=(captured is None or (captured.plain and captured.step not in departed and not captured.note))
            and (step is None or step.segment.flags & ~PSH == ACK),
        )


def _lines(result: ExchangeResult) -> list[tuple[Captured | None, int | None]]:
    """Captured segments and the places of live ones, in the order of both.

    Between two pairs that belong together, segments of the two peers stand side by side as they come.
    """
    shown, steps = 0, result.steps
    out: list[tuple[Captured | None, int | None]] = []
    limits, limit = list[int](), len(steps) if result.judged is None else result.judged
    for captured in reversed(result.captured):
        limit = limit if captured.live is None else captured.live
        limits.append(limit)
    for captured, limit in zip(result.captured, reversed(limits), strict=True):
        if captured.live is not None:
            out += [(None, place) for place in range(shown, captured.live)]
            shown = captured.live + 1
            out.append((captured, captured.live))
        elif captured.direction == "<" and shown < limit and steps[shown].direction == "<":
            out.append((captured, shown))
            shown += 1
        else:
            out.append((captured, None))
    return out + [(None, place) for place in range(shown, len(steps))]
