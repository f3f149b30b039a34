"""The matrix for people: states by segments at a glance, every departure in a line, what was not reached."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from probe.reports.paint import PLAIN, Paint
from probe.reports.table import visible
from probe.reports.wording import fate_text, listed
from probe.results.matrix import CellResult, MatrixReport, MatrixRun
from probe.results.verdict import Verdict
from probe.spec import rules
from probe.spec.segment import KINDS
from probe.spec.states import State

_LEGEND = (
    "12: so many positions of SEG.SEQ, SEG.ACK and payload, all as due; +3F failed, +2w warned, +1? could not be told,"
    " +4e were expected; skip: not played. Flags as tcpdump writes them; numbers in examples relative to the ISNs."
)
_ACTIVE = "from SYN-SENT"
_LABEL = 12
_LETTERS = ((Verdict.FAIL, "F"), (Verdict.WARN, "w"), (Verdict.INCONCLUSIVE, "?"))


@dataclass(frozen=True, slots=True)
class Style:
    """How to print: terminal width in columns, colours, and whether to leave out everything but matrix and counts."""

    width: int = 100
    paint: Paint = PLAIN
    brief: bool = False


def render(report: MatrixReport, style: Style | None = None, *, exit_code: int | None = None) -> str:
    """The whole report, ending in a line for grep."""
    how = style or Style()
    parts = ["\n".join(_matrix(report, run, how)) for run in report.runs]
    if report.cells:
        parts.append(how.paint.faint(textwrap.fill(_LEGEND, how.width)))
    if not how.brief:
        parts += [_group(key, cells, how) for key, cells in _findings(report.cells)]
        parts += ["\n".join(lines) for lines in (_doubts(report, how), _absent(report, how)) if lines]
    fates = [text for one in report.expected if (text := fate_text(one))]
    if fates:
        parts.append("\n".join(_filled("expected", text, how) for text in fates))
    parts.append(counts_line(report, report.exit_code if exit_code is None else exit_code))
    return "\n\n".join(parts) + "\n"


def counts_line(report: MatrixReport, exit_code: int) -> str:
    """``probe: 6348 pass, 0 fail, 0 warn, 0 inconclusive, 0 skip; exit 0``."""
    counts = Counter(cell.news for cell in report.cells if not cell.expected)
    words = (Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.INCONCLUSIVE, Verdict.SKIP)
    shown = [f"{counts[word]} {word}" for word in words]
    shown += [f"{len(report.cells) - counts.total()} expected"] if report.expected else []
    interrupted = ", interrupted" if report.interrupted else ""
    return f"probe: {', '.join(shown)}{interrupted}; exit {exit_code}"


# -- at a glance -------------------------------------------------------------------------------------------------------


def _matrix(report: MatrixReport, run: MatrixRun, how: Style) -> Iterator[str]:
    yield how.paint.strong(f"target {run.target} (IPv{run.ip_version}), profile {report.profile}")
    yield f"  {len(run.cells)} cells over {run.connections} connections in {run.seconds:.1f} s, trigger {run.trigger}"
    asked = [kind for kind in KINDS if any(c.segment == kind for c in run.cells)]
    rows = [(label, [_cell(cells, kind, how) for kind in asked]) for label, cells in _rows(run)]
    if not rows:
        return
    yield ""
    room = [max(visible(text) for text in (kind, *(cells[i] for _, cells in rows))) for i, kind in enumerate(asked)]
    yield _line("", asked, room)
    for label, cells in rows:
        yield _line(label, cells, room)


def _line(label: str, cells: Sequence[str], room: Sequence[int]) -> str:
    padded = (" " * (columns - visible(cell)) + cell for cell, columns in zip(cells, room, strict=True))
    return f"{label:<{_LABEL}} {' '.join(padded)}".rstrip()


def _rows(run: MatrixRun) -> Iterator[tuple[str, list[CellResult]]]:
    """A row a state; SYN-RECEIVED has two, by who opened."""
    for state in State:
        own = [c for c in run.cells if c.state == state.value]
        for label, cells in (
            (state.value, [c for c in own if c.way != _ACTIVE]),
            (" active open", [c for c in own if c.way == _ACTIVE]),
        ):
            if cells:
                yield label, cells


def _cell(cells: Iterable[CellResult], kind: str, how: Style) -> str:
    """``12``, ``10+2w``, ``1+16F``, ``skip``."""
    own = [c for c in cells if c.segment == kind]
    if not own:
        return "-"
    counts = Counter(c.news for c in own if not c.expected)
    expected = sum(c.expected for c in own)
    if set(counts) == {Verdict.SKIP}:
        return how.paint.word(Verdict.SKIP, "skip")
    odd = [(word, f"{counts[word]}{letter}") for word, letter in _LETTERS if counts[word]]
    parts = [str(counts[Verdict.PASS])] if counts[Verdict.PASS] or not (odd or expected) else []
    parts += [how.paint.word(word, text) for word, text in odd]
    return "+".join(parts + ([how.paint.word(Verdict.SKIP, f"{expected}e")] if expected else []))


# -- what departs ------------------------------------------------------------------------------------------------------


def _findings(cells: Sequence[CellResult]) -> Iterator[tuple[tuple[Verdict, str], list[CellResult]]]:
    """Failed cells, then warned ones, by the rule they break."""
    for word in (Verdict.FAIL, Verdict.WARN):
        found: dict[str, list[CellResult]] = {}
        for cell in cells:
            if cell.news is word:
                found.setdefault(cell.rule, []).append(cell)
        yield from (((word, rule), group) for rule, group in found.items())


def _group(key: tuple[Verdict, str], cells: list[CellResult], how: Style) -> str:
    word, rule = key
    first = cells[0]
    lines = [f"{how.paint.word(word, word.upper())} {rule} ({first.level}, {first.clause})"]
    lines.append(_filled("rule", rules.ALL[rule].sentence if rule in rules.ALL else "", how))
    alike: dict[tuple[str, str], list[CellResult]] = {}
    for cell in cells:
        alike.setdefault((_place(cell), cell.segment), []).append(cell)
    lines += [_filled(f"{state} {kind}", _example(group), how) for (state, kind), group in alike.items()]
    return "\n".join(lines)


def _place(cell: CellResult) -> str:
    return f"{cell.state} {_ACTIVE}" if cell.way == _ACTIVE else cell.state


def _example(cells: list[CellResult]) -> str:
    """How many positions, one of them in full, and for which IP version if not for both."""
    first = cells[0]
    versions = sorted({c.ip_version for c in cells})
    count = len([c for c in cells if c.ip_version == first.ip_version])
    only = "" if len(versions) > 1 else f" (IPv{versions[0]})"
    where = f"SEG.SEQ={first.seq}" + (f", SEG.ACK={first.ack}" if first.ack != "none" else "")
    payload = ", with payload" if first.payload else ""
    lead = f"{count} positions{only}, as" if count > 1 else f"1 position{only}:"
    return f"{lead} {where}{payload}: sent {first.sent}; due {first.due}; came {first.came}"


def _filled(label: str, text: str, how: Style) -> str:
    lead = f"  {label}: "
    return textwrap.fill(text, how.width, initial_indent=lead, subsequent_indent=" " * 6, break_on_hyphens=False)


# -- what cannot be told, and what was not played ----------------------------------------------------------------------


def _doubts(report: MatrixReport, how: Style) -> list[str]:
    found: dict[str, list[CellResult]] = {}
    for cell in report.cells:
        if cell.verdict is Verdict.INCONCLUSIVE:
            found.setdefault(cell.reason, []).append(cell)
    return [_reason(Verdict.INCONCLUSIVE, reason, _places(cells), how) for reason, cells in found.items()]


def _places(cells: Sequence[CellResult]) -> str:
    counts = Counter(f"{_place(c)} {c.segment}" for c in cells)
    shown = [place if count == 1 else f"{place} ({count})" for place, count in counts.items()]
    return listed(shown if len(shown) <= 6 else [*shown[:5], f"{len(shown) - 5} more"])


def _absent(report: MatrixReport, how: Style) -> list[str]:
    """The states, and the other ways into states, that this peer could not be brought into."""
    found: dict[tuple[Verdict, str], dict[str, None]] = {}
    for run in report.runs:
        for way in run.ways:
            if way.verdict is not Verdict.PASS:
                found.setdefault((way.verdict, way.reason), {})[f"{way.state} ({way.way})"] = None
    return [_reason(word, reason, f"not reached: {listed(ways)}", how) for (word, reason), ways in found.items()]


def _reason(word: Verdict, reason: str, places: str, how: Style) -> str:
    first, *more = textwrap.wrap(f"{reason}: {places}", max(30, how.width - 14), break_on_hyphens=False)
    return "\n".join([how.paint.word(word, f"{word:<14}") + first, *(" " * 14 + line for line in more)])
