"""The ladder of one exchange: every segment with its time, direction, and what it told about the peer's state."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from probe.reports.paint import PLAIN, Paint
from probe.reports.wording import states_text
from probe.results.verdict import ExchangeResult, Step

_NARROW, _WIDE = 34, 46
_INDENT = "  "
_KERNEL = 15
_MIN_STATES = 16


@dataclass(frozen=True, slots=True)
class _Layout:
    """Widths of the columns; ``packet`` and ``kernel`` are 0 where no step has such a value."""

    packet: int
    arrow: int
    kernel: int
    rest: int


def ladder(result: ExchangeResult, width: int = 120, paint: Paint = PLAIN) -> str:
    """One line a segment under a heading, no wider than ``width`` columns where that is 72 or more."""
    form = f", {result.form}" if result.form else ""
    head = f"{paint.strong(result.id)}: {result.title}: {paint.word(result.verdict)}{form}"
    if not result.steps:
        why = "no segment was exchanged" + (f": {result.reason}" if result.reason else "")
        return f"{head}\n{textwrap.fill(why, width, initial_indent=_INDENT, subsequent_indent=_INDENT)}"
    layout = _layout(result, width)
    marked = {number: f.rule for f in result.findings for number in f.packets if number}
    lines = [head, f"{_INDENT}{result.flow}", _heading(layout)]
    start = result.steps[0].time
    for place, step in enumerate(result.steps):
        if place == result.judged:
            lines.append(f"{_INDENT}{'':>{layout.packet}}{'':>10}  {' clearing up ':.^{layout.arrow}}")
        lines += _rung(step, step.time - start, marked.get(step.number), layout, paint)
    return "\n".join(lines)


def _layout(result: ExchangeResult, width: int) -> _Layout:
    numbers = [s.number for s in result.steps]
    packet = max(len(str(n)) for n in numbers) + 1 if any(numbers) else 0
    kernel = _KERNEL if any(s.kernel_state for s in result.steps) else 0
    longest = max(len(s.text) for s in result.steps)
    arrow = min(max(_NARROW if width < 100 else 40, longest + 8), _WIDE)
    used = len(_INDENT) + packet + 10 + 2 + arrow + 2 + kernel
    return _Layout(packet, arrow, kernel, max(_MIN_STATES, width - used))


def _heading(layout: _Layout) -> str:
    packet = f"{'#':>{layout.packet}}" if layout.packet else ""
    ends = f"{'tester':<{layout.arrow - 4}}peer"
    kernel = f"{'its kernel':<{layout.kernel}}" if layout.kernel else ""
    return f"{_INDENT}{packet}{'ms':>10}  {ends}  {kernel}peer state inferred"


def _rung(step: Step, elapsed: float, broken: str | None, layout: _Layout, paint: Paint) -> Iterator[str]:
    number = (str(step.number) if step.number else "-") if layout.packet else ""
    kernel = f"{step.kernel_state or '':<{layout.kernel}}" if layout.kernel else ""
    remark = f"  ({step.origin.text})" if step.origin.text else ""
    first, *more = textwrap.wrap(states_text(step.peer_states) + remark, layout.rest, break_on_hyphens=False) or [""]
    left = f"{_INDENT}{number:>{layout.packet}}{elapsed * 1000:>10.2f}  {_arrow(step, layout.arrow)}  {kernel}"
    yield left + first
    yield from (" " * len(left) + line for line in more)
    if broken:
        yield " " * (len(left) - layout.kernel - layout.arrow - 2) + paint.word("fail", f"^ {broken}")


def _arrow(step: Step, width: int) -> str:
    """``---- S. seq 0 ack 1 --->`` or its mirror image."""
    if step.direction == ">":
        return f"{f' {step.text} ':-^{width - 1}}>"
    return f"<{f' {step.text} ':-^{width - 1}}"
