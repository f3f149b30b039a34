"""The report of a live re-enactment: the answer, both exchanges side by side, the departures in words, the findings."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator
from itertools import groupby

from probe.reports.as_text import Style, counts_line, fates
from probe.reports.wording import departures, known_text, packets_text, states_text
from probe.results.verdict import Captured, ExchangeResult, Report, Step, Verdict

_INDENT = "  "
_STEP, _TIME = 4, 10
_NARROWEST, _WIDEST = 24, 40
_STATES = 22
_ENDS_OF_RUN = 3
"""How many lines are shown of a long run of plain data and acknowledgments, at its start and at its end."""
_PLAIN = re.compile(r"P?\. ")
_Line = tuple[Captured | None, int | None]


def render(
    report: Report,
    style: Style | None = None,
    *,
    exit_code: int | None = None,
    shown: Callable[[ExchangeResult], bool] = lambda result: False,
) -> str:
    """The whole report, ending in a line for grep. A brief one has the ladder only if ``shown``."""
    how = style or Style()
    parts = [part for e in report.exchanges for part in _exchange(e, how, ladder=shown(e) or not how.brief)]
    parts += fates(report.expected, how)
    return "\n\n".join([*parts, counts_line(report, report.exit_code if exit_code is None else exit_code)]) + "\n"


def _exchange(result: ExchangeResult, how: Style, *, ladder: bool) -> Iterator[str]:
    reason = f": {result.reason}" if result.reason else ""
    flow = f" as {result.flow}" if result.flow else ""
    form = f", {result.form}" if result.form else ""
    attempts = f" ({result.attempts} attempts)" if result.attempts > 1 else ""
    yield "\n".join(
        [
            f"{how.paint.strong(result.target)}: {_verdict(result, how)}{reason}",
            *_filled(f"re-enacted {result.title}{flow}{form}{attempts}", how),
        ]
    )
    if ladder and result.steps:
        yield "\n".join(_ladder(result, how))
    followed = (
        [] if result.verdict is Verdict.INCONCLUSIVE else ["the live exchange followed the captured one to its end"]
    )
    if lines := departures(result) or followed:
        yield "\n".join(line for text in lines for line in _filled(text, how))
    for finding in result.findings:
        text = (
            f"{finding.rule} ({finding.level_text}, {finding.clause}): sent {finding.sent}; due {finding.due};"
            f" came {finding.came}" + (f" (packets {packets_text(finding.packets)})" if finding.packets else "")
        )
        yield "\n".join(_filled(f"{how.paint.word(finding.word)} {text}", how))


def _verdict(result: ExchangeResult, how: Style) -> str:
    if result.expected:
        return how.paint.word("skip", "; ".join(map(known_text, result.known)))
    return how.paint.word(result.verdict)


def _filled(text: str, how: Style) -> list[str]:
    return textwrap.wrap(text, how.width, initial_indent=_INDENT, subsequent_indent=_INDENT * 2, break_on_hyphens=False)


# -- the ladder --------------------------------------------------------------------------------------------------------


def _ladder(result: ExchangeResult, how: Style) -> Iterator[str]:
    """A line for each captured segment with its live counterpart, and for each live segment without one."""
    texts = [c.text for c in result.captured] + [s.text for s in result.steps]
    room = (how.width - len(_INDENT) * 4 - _STEP - 2 * _TIME - _STATES) // 2
    arrow = max(_NARROWEST, min(_WIDEST, room, max(map(len, texts), default=0) + 6))
    head = f"{'ms':>{_TIME}}{_INDENT}{{:<{arrow}}}"
    yield f"{_INDENT}{'step':>{_STEP}}{head.format('captured')}{head.format('live')}{_INDENT}peer state inferred"
    departed = {d.step for d in result.departures}
    for plain, run in groupby(_lines(result), lambda line: _is_plain(line, result, departed)):
        lines = list(run)
        left_out = len(lines) - 2 * _ENDS_OF_RUN if plain else 0
        if left_out > 1:
            yield from (_rung(line, result, arrow, how, departed) for line in lines[:_ENDS_OF_RUN])
            yield how.paint.faint(f"{_INDENT * 2}{left_out:,} lines of data and acknowledgments".center(arrow * 2))
            lines = lines[-_ENDS_OF_RUN:]
        yield from (_rung(line, result, arrow, how, departed) for line in lines)


def _rung(line: _Line, result: ExchangeResult, arrow: int, how: Style, departed: set[int]) -> str:
    captured, place = line
    blank = " " * (_TIME + len(_INDENT) + arrow)
    step = result.steps[place] if place is not None else None
    left = blank if captured is None else _half(captured.time, captured.direction, captured.text, arrow)
    right = blank if step is None else _half(step.time - result.steps[0].time, step.direction, step.text, arrow)
    clearing = place is not None and result.judged is not None and place >= result.judged
    remark = "(clearing up)" if clearing else _remark(captured, step)
    number = str(captured.step) if captured else ""
    text = f"{_INDENT}{number:>{_STEP}}{left}{right}{_INDENT}{remark}".rstrip()
    return how.paint.word("warn", text) if captured and captured.step in departed else text


def _lines(result: ExchangeResult) -> list[_Line]:
    """Captured segments and the places of live ones, in the order of both.

    Between two pairs that belong together, segments of the two peers stand side by side as they come.
    """
    shown, out, steps = 0, list[_Line](), result.steps
    judged = len(steps) if result.judged is None else result.judged
    limits, limit = list[int](), judged
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


def _is_plain(line: _Line, result: ExchangeResult, departed: set[int]) -> bool:
    """Whether it is nothing but data and acknowledgments as they were to be expected."""
    captured, place = line
    if captured is not None and (captured.step in departed or captured.note or not _PLAIN.match(captured.text)):
        return False
    return place is None or bool(_PLAIN.match(result.steps[place].text))


def _half(seconds: float, direction: str, text: str, arrow: int) -> str:
    drawn = f"{f' {text} ':-^{arrow - 1}}>" if direction == ">" else f"<{f' {text} ':-^{arrow - 1}}"
    return f"{seconds * 1000:>{_TIME}.2f}{_INDENT}{drawn}"


def _remark(captured: Captured | None, step: Step | None) -> str:
    if step is not None:
        return states_text(step.peer_states)
    return captured.note if captured is not None else ""
