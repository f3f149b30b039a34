"""Ladders at a terminal: a line a segment with its time, arrow and the states of the ends; or two exchanges abreast."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from probe.reports import document as doc
from probe.reports.paint import Paint
from probe.reports.table import fill
from probe.reports.wording import states_text

_INDENT = "  "
_GAP = "  "
_STATE, _KERNEL, _TIME = 12, 13, 10
_SHORTEST, _LONGEST = 24, 46
_LEAST_STATES = 22
"""In less room the states of the right end go below the arrow: no name of a state but has room there."""
_ENDS_OF_RUN = 3
"""How many segments are shown of a long run of plain data and acknowledgments, at its start and at its end."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Widths of the columns: 0 where nothing stands in one; ``rest`` 0 where the right end's states go below.

    A gap belongs to ``left`` and ``kernel``.
    """

    number: int
    time: int
    left: int
    arrow: int
    kernel: int
    rest: int
    width: int

    @property
    def before(self) -> int:
        """The column in which arrows begin."""
        return len(_INDENT) + self.number + self.time + len(_GAP) + self.left


def painted(texts: Iterable[doc.Text], paint: Paint) -> str:
    """The texts in a row, in their colours."""
    return "".join(paint.word(one.tone, one.text) if isinstance(one, doc.Toned) else one for one in texts)


def ladder(one: doc.Ladder, width: int, paint: Paint) -> Iterator[str]:
    """A heading and a line a segment, no wider than ``width`` but for a segment that is wider by itself."""
    yield from fill(painted(one.heading, paint), width, indent=_INDENT)
    for about in one.about:
        yield from fill(about, width, _INDENT, _INDENT * 2)
    rungs = one.rungs()
    if not rungs:
        yield from fill(one.blank, width, _INDENT)
        return
    layout = _layout(rungs, width)
    yield from _heading(one, layout)
    for plain, run in groupby(rungs, lambda rung: rung.plain):
        some = list(run)
        left_out = len(some) - 2 * _ENDS_OF_RUN if plain else 0
        for place, rung in enumerate(some):
            if rung.place == one.judged:
                yield " " * layout.before + f"{' clearing up ':.^{layout.arrow}}"
            if left_out <= 1 or not _ENDS_OF_RUN <= place < len(some) - _ENDS_OF_RUN:
                yield from _rung(rung, layout, paint)
            elif place == _ENDS_OF_RUN:
                text = f" {left_out:,} segments of data and acknowledgments "
                yield " " * layout.before + paint.faint(f"{text:.^{layout.arrow}}")


def _layout(rungs: Sequence[doc.Rung], width: int) -> _Layout:
    numbers = [len(str(rung.number)) for rung in rungs if rung.number]
    number = max(3, *numbers) if numbers else 0
    # Connections may last for days.
    time = max(_TIME, *(len(f" {rung.seconds * 1000:.2f}") for rung in rungs))
    left = _STATE + len(_GAP) if any(rung.left for rung in rungs) else 0
    kernel = _KERNEL + len(_GAP) if any(rung.kernel for rung in rungs) else 0
    used = len(_INDENT) + number + time + len(_GAP) + left
    longest = max(len(rung.text) for rung in rungs) + 4
    # The right end's states, and the kernel's word, stand beside the arrow if all of it has room there.
    least = _STATE if left else _LEAST_STATES
    arrow = max(_SHORTEST, min(_LONGEST, longest + 4, width - used - kernel - least - len(_GAP)))
    rest = width - used - arrow - len(_GAP) - kernel
    if arrow < longest or rest < least:
        arrow = max(_SHORTEST, min(_LONGEST, longest + 4, width - used))
        rest = 0
    return _Layout(number, time, left, arrow, kernel, rest, width)


def _heading(one: doc.Ladder, layout: _Layout) -> Iterator[str]:
    number = f"{'#':>{layout.number}}" if layout.number else ""
    left = f"{one.states[0]:<{layout.left}}" if layout.left else ""
    ends = f"{one.ends[0]:<{layout.arrow - len(one.ends[1])}}{one.ends[1]}"
    kernel = f"{'its kernel':<{layout.kernel}}" if layout.kernel and layout.rest else ""
    line = f"{_INDENT}{number}{'ms':>{layout.time}}{_GAP}{left}{ends}{_GAP}{kernel}"
    if layout.rest:
        yield from fill(one.states[1], layout.width, line, " " * len(line))
    else:
        yield line.rstrip()
        below = f"{one.states[1]}, and what its kernel says" if layout.kernel else one.states[1]
        yield from fill(f"(below: {below})", layout.width, " " * layout.before)


def _rung(rung: doc.Rung, layout: _Layout, paint: Paint) -> Iterator[str]:
    number = (str(rung.number) if rung.number else "-") if layout.number else ""
    state = f"{states_text(rung.left) if rung.left else '':<{layout.left}}"
    lead = f"{_INDENT}{number:>{layout.number}}{rung.seconds * 1000:>{layout.time}.2f}{_GAP}{state}"
    lead += arrow(rung.rightward, rung.text, layout.arrow)
    states = states_text(rung.right) if rung.right or not layout.left else ""
    note = f" ({rung.note})" if rung.note else ""
    if layout.rest:
        lead += f"{_GAP}{rung.kernel:<{layout.kernel}}"
        yield from fill(states + note, layout.width, lead, " " * len(lead)) or [lead.rstrip()]
    else:
        yield lead
        kernel = f"; its kernel: {rung.kernel}" if rung.kernel else ""
        yield from fill(states + note + kernel, layout.width, " " * layout.before + _GAP)
    if rung.broken:
        yield " " * layout.before + paint.word("fail", f"^ {rung.broken}")


def arrow(rightward: bool, text: str, width: int) -> str:  # the direction it draws
    """``---- S. seq 0 ack 1 --->`` or its mirror image."""
    return f"{f' {text} ':-^{width - 1}}>" if rightward else f"<{f' {text} ':-^{width - 1}}"


def comparison(one: doc.Comparison, width: int, paint: Paint) -> Iterator[str]:
    """A line for each captured segment with its live counterpart; in little room one below the other."""
    longest = max((len(half.text) for pair in one.pairs for half in (pair.captured, pair.live) if half), default=0)
    fixed = len(_INDENT) * 4 + 4 + 2 * _TIME + _LEAST_STATES
    wide = (width - fixed) // 2
    drawn = max(_SHORTEST, min(40, longest + 6, wide))
    abreast = drawn <= wide
    if not abreast:
        drawn = max(_SHORTEST, min(40, longest + 6, width - len(_INDENT) * 3 - 4 - _TIME - 8))
    head = f"{_INDENT}{'step':>4}"
    if abreast:
        halves = (f"{'ms':>{_TIME}}{_INDENT}{name:<{drawn}}" for name in ("captured", "live"))
        yield f"{head}{''.join(halves)}{_INDENT}peer state inferred"
    else:
        yield f"{head}{'ms':>{_TIME}}{_INDENT}captured, live, peer state inferred"
    for plain, run in groupby(one.pairs, lambda pair: pair.plain):
        pairs = list(run)
        left_out = len(pairs) - 2 * _ENDS_OF_RUN if plain else 0
        for place, pair in enumerate(pairs):
            if left_out <= 1 or not _ENDS_OF_RUN <= place < len(pairs) - _ENDS_OF_RUN:
                for line in _pair(pair, drawn, width, abreast=abreast):
                    yield paint.word("warn", line) if pair.departed else line
            elif place == _ENDS_OF_RUN:
                text = f"{left_out:,} lines of data and acknowledgments"
                yield paint.faint(f"{_INDENT * 2}{text}".center(drawn * 2 if abreast else drawn).rstrip())


def _pair(pair: doc.Pair, drawn: int, width: int, *, abreast: bool) -> Iterator[str]:
    step = f"{_INDENT}{'' if pair.step is None else pair.step:>4}"
    if abreast:
        lead = f"{step}{_half(pair.captured, drawn)}{_half(pair.live, drawn)}"
        yield from fill(pair.remark, width, lead + _INDENT, " " * (len(lead) + 2)) or [lead.rstrip()]
        return
    for name, half in (("captured", pair.captured), ("live", pair.live)):
        if half is not None:
            yield f"{step}{_half(half, drawn)}{_INDENT}{name}"
            step = " " * len(step)
    yield from fill(pair.remark, width, " " * (len(step) + _TIME + len(_INDENT) * 2))


def _half(half: doc.Half | None, drawn: int) -> str:
    if half is None:
        return " " * (_TIME + len(_INDENT) + drawn)
    return f"{half.seconds * 1000:>{_TIME}.2f}{_INDENT}{arrow(half.rightward, half.text, drawn)}"
