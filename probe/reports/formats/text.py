"""The report for people at a terminal: the answer first, tables, findings in full, ladders, a last line for grep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from probe.reports import document as doc
from probe.reports.formats.ladders import comparison, ladder, painted
from probe.reports.paint import Paint
from probe.reports.table import fill, table, visible
from probe.results.verdict import Verdict

LETTERS = ((Verdict.FAIL, "F"), (Verdict.WARN, "w"), (Verdict.INCONCLUSIVE, "?"))
_WORD = 14
_LABEL = 13


@dataclass(frozen=True, slots=True)
class Style:
    """How to print: terminal width in columns, colours, and whether to leave out everything but answer and counts."""

    width: int = 120
    paint: Paint = field(default_factory=Paint)
    brief: bool = False


def render(document: doc.Document, style: Style | None = None) -> str:
    """The whole report, every section ending in a line for grep; nothing where nothing was judged."""
    how = style or Style()
    wanted = doc.On.QUIET if how.brief else doc.On.TERMINAL
    told = []
    for section in document.sections:
        if not section.preface and not any(one.on & doc.On.QUIET for one in section.overview):
            continue
        preface = [line for n, s in enumerate(section.preface) for line in fill(s, how.width, "  " * (n > 0), "    ")]
        parts = ["\n".join(preface)] * bool(preface)
        parts += [part(one, how) for one in (*section.overview, *section.details) if one.on & wanted]
        told.append("\n\n".join([*parts, counts_line(section.counts, document.code_of(section))]) + "\n")
    return "\n".join(told)


def counts_line(counts: doc.Counts, code: int) -> str:
    """``probe: 42 pass, 0 fail, 0 warn, 0 inconclusive, 0 skip; exit 0``.

    With expectations, those that deviated in expected ways only are counted for themselves.
    """
    words = [f"{counts.words.get(word, 0)} {word}" for word in Verdict]
    words += [] if counts.expected is None else [f"{counts.expected} expected"]
    interrupted = ", interrupted" if counts.interrupted else ""
    return f"probe: {counts.lead}{', '.join(words)}{interrupted}; exit {code}"


def part(one: doc.Part, how: Style) -> str:
    """One part, without a line feed at its end."""
    match one:
        case doc.Answer():
            lines = [how.paint.strong(line) for line in fill(one.heading, how.width)]
            return "\n".join(lines + _facts(one.lines, how))
        case doc.Table():
            rows = [tuple(painted([cell], how.paint) for cell in row) for row in one.rows]
            title = "\n".join(how.paint.strong(line) for line in fill(one.title, how.width))
            below = [_faint(text, how) for text in (one.more, one.legend) if text]
            body = table(one.headers, rows, how.width, one.stacks, one.spare)
            return "\n".join(filter(None, [title, "\n\n".join([body, *below])]))
        case doc.Grid():
            return "\n".join(_grid(one, how))
        case doc.Deviations():
            return "\n\n".join(_deviation(one.place, found, how) for found in one.found)
        case doc.Reasons():
            alike = (fill(text, how.width, how.paint.word(word, f"{word:<{_WORD}}")) for word, text in one.rows)
            return "\n".join(line for lines in alike for line in lines)
        case doc.Remarks():
            lead = f"{one.label:<{_WORD}}" if one.label else "  "
            indent = " " * (_WORD if one.label else 4)
            return "\n".join(line for text in one.sentences for line in fill(text, how.width, lead, indent))
        case doc.Note():
            return _faint(one.text, how)
        case doc.Ladder():
            return "\n".join(ladder(one, how.width, how.paint))
        case doc.Comparison():
            return "\n".join(comparison(one, how.width, how.paint))


def _facts(facts: Sequence[doc.Line], how: Style) -> list[str]:
    """A label and its text a line."""
    room = max([_LABEL - 1, *(len(line.label) + 2 for line in facts)])
    told = (fill(painted(line.text, how.paint), how.width, f"  {line.label:<{room}}") for line in facts)
    return [line for lines in told for line in lines]


def _faint(text: str, how: Style) -> str:
    return "\n".join(how.paint.faint(line) for line in fill(text, how.width))


def _deviation(place: str, found: doc.Deviation, how: Style) -> str:
    where = f"{place}: " if place else ""
    head = f"{how.paint.word(found.tone, found.word.upper())} {where}{found.rule} ({found.level}, {found.clause})"
    room = max(_LABEL - 2, *(len(line.label) + 1 for line in found.facts)) if found.facts else 0
    lines = fill(head, how.width, indent="  ")
    for line in found.facts:
        # Beside a long label, such as a state and a segment, the text goes on further to the left.
        lead, indent = (
            (f"  {line.label:<{room}}", " " * (room + 2)) if room < _LABEL else (f"  {line.label}: ", " " * 6)
        )
        lines += fill(painted(line.text, how.paint), how.width, lead, indent)
    return "\n".join(lines)


def _grid(one: doc.Grid, how: Style) -> list[str]:
    """The columns side by side as far as the terminal is wide, then the rest of them below."""
    lines = [how.paint.strong(line) for line in fill(one.heading, how.width)] + fill(one.about, how.width, "  ")
    lines += _facts(one.lines, how)
    if not one.rows:
        return lines
    cells = [["+".join(how.paint.word(*piece) for piece in cell_texts(cell)) for cell in row] for _, row in one.rows]
    room = [max(visible(text) for text in (head, *(row[i] for row in cells))) for i, head in enumerate(one.columns)]
    label = max(len(name) for name, _ in one.rows)
    first = 0
    while first < len(room):
        last = first + 1
        while last < len(room) and label + sum(room[first : last + 1]) + (last + 1 - first) <= how.width:
            last += 1
        lines.append("")
        for name, row in [("", list(one.columns)), *zip((name for name, _ in one.rows), cells, strict=True)]:
            padded = (" " * (room[i] - visible(row[i])) + row[i] for i in range(first, last))
            lines.append(f"{name:<{label}} {' '.join(padded)}".rstrip())
        first = last
    return lines


def cell_texts(cell: doc.Counts | None) -> list[tuple[str, str]]:
    """The pieces of a cell of a grid, as in ``12``, ``10+2w``, ``1+16F``, with the word each stands for."""
    if cell is None:
        return [("", "-")]
    if not cell.expected and not any(count for word, count in cell.words.items() if word is not Verdict.SKIP):
        return [("skip", "skip")]
    odd = [(word.value, f"{cell.words[word]}{letter}") for word, letter in LETTERS if cell.words.get(word)]
    odd += [("skip", f"{cell.expected}e")] if cell.expected else []
    passed = cell.words.get(Verdict.PASS, 0)
    return [("", str(passed)), *odd] if passed or not odd else odd
