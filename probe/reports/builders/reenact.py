"""The report of a re-enactment: the answer, both exchanges side by side, where they part, the findings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from probe.reports.builders import check
from probe.reports.document import (
    ANSWER,
    Answer,
    Comparison,
    Document,
    Half,
    Line,
    Note,
    On,
    Pair,
    Part,
    Remarks,
    Table,
    toned,
)
from probe.reports.wording import departures, known_text, states_text
from probe.results.verdict import Captured, ExchangeResult, Report, Step, Verdict

_PLAIN = re.compile(r"P?\. ")
_FOLLOWED = "the live exchange followed the captured one to its end"


def document(report: Report, show: check.Chosen = lambda result: False) -> Document:
    """The document: for pipelines as that of a check, on a terminal both exchanges side by side."""
    found = check.document(report)
    (section,) = found.sections
    kept = [
        replace(one, on=one.on & ~ANSWER) if not isinstance(one, Remarks) else one
        for one in section.details
        if not isinstance(one, Note)
    ]
    overview: list[Part] = [_answer(e) for e in report.exchanges]
    overview += [one for one in section.overview if isinstance(one, Table)]
    details = [part for e in report.exchanges for part in _told(e, show)]
    return replace(found, sections=(replace(section, overview=tuple(overview), details=(*details, *kept)),))


def _answer(e: ExchangeResult) -> Answer:
    word = toned("skip", "; ".join(map(known_text, e.known))) if e.expected else toned(e.verdict)
    flow = f" as {e.flow}" if e.flow else ""
    form = f", {e.form}" if e.form else ""
    attempts = f" ({e.attempts} attempts)" if e.attempts > 1 else ""
    lines = (
        Line("verdict", (word, f": {e.reason}" if e.reason else "")),
        Line("re-enacted", (f"{e.title}{flow}{form}{attempts}",)),
    )
    return Answer(e.target, lines, ANSWER)


def _told(e: ExchangeResult, show: check.Chosen) -> Iterator[Part]:
    on = On.TERMINAL | On.QUIET
    if e.steps:
        yield Comparison(tuple(_pairs(e)), on if show(e) else On.TERMINAL)
    followed = [] if e.verdict is Verdict.INCONCLUSIVE else [_FOLLOWED]
    if sentences := departures(e) or followed:
        yield Remarks("", "", tuple(sentences), on)
    if e.findings:
        yield replace(check.deviations(None, e), on=on)


def _pairs(result: ExchangeResult) -> Iterator[Pair]:
    """A line for each captured segment with its live counterpart, and for each live segment without one."""
    departed = {d.step for d in result.departures}
    start = result.steps[0].time
    for captured, place in _lines(result):
        step = None if place is None else result.steps[place]
        clearing = place is not None and result.judged is not None and place >= result.judged
        remark = states_text(step.peer_states) if step else captured.note if captured else ""
        yield Pair(
            captured.step if captured else None,
            Half(captured.time, captured.direction == ">", captured.text) if captured else None,
            Half(step.time - start, step.direction == ">", step.text) if step else None,
            "(clearing up)" if clearing else remark,
            captured is not None and captured.step in departed,
            _is_plain(captured, step, departed),
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


def _is_plain(captured: Captured | None, step: Step | None, departed: set[int]) -> bool:
    """Whether it is nothing but data and acknowledgments as they were to be expected."""
    if captured is not None and (captured.step in departed or captured.note or not _PLAIN.match(captured.text)):
        return False
    return step is None or bool(_PLAIN.match(step.text))
