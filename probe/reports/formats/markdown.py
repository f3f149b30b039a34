"""Markdown, for a job's summary or a comment: counts and tables, then findings, ladders; the weightiest first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from probe.reports import document as doc
from probe.reports.formats import Format
from probe.reports.formats.mermaid import diagram
from probe.reports.formats.text import cell_texts, counts_line
from probe.results.verdict import Verdict

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~])")
_NOTE = "_Shortened: {count} more part{s} of this report left out, as a summary holds {room} octets at most._\n"
_RESERVED = 200


def render(document: doc.Document) -> Iterator[str]:
    """The whole of it."""
    yield fitted_document(document, None)


def fitted_document(document: doc.Document, room: int | None) -> str:
    """The document; with ``room``, no longer than so many octets."""

    def weight(one: doc.Part) -> int:
        if isinstance(one, doc.Deviations):
            return one.word is not Verdict.FAIL
        return 3 if isinstance(one, doc.Ladder) else 2

    heads = []
    for section in document.sections:
        subject = f" {text(section.subject)}" if section.subject else ""
        heads += [f"## probe {document.command}{subject}: {section.headline}\n"]
        heads += [f"{code(counts_line(section.counts, document.code_of(section)))}\n"]
        heads += [text(section.preface[0]) + "\n"] if section.preface else []
        heads += [_listed(section.preface[1:])] if section.preface[1:] else []
        heads += [_part(one) for one in section.overview if one.on & doc.On.SUMMARY]
    heads = heads or [f"## probe {document.command}: nothing was judged\n\n{code(f'exit {document.code}')}\n"]
    heads += ["".join(f"- {text(sentence)}\n" for sentence in document.sentences)] if document.errors else []
    details = [one for section in document.sections for one in section.details if one.on & doc.On.SUMMARY]
    return fitted("\n".join(heads), [_part(one) for one in sorted(details, key=weight)], room)


def _part(one: doc.Part) -> str:
    match one:
        case doc.Answer():
            return table(("", ""), [(line.label, text(doc.uncoloured(*line.text))) for line in one.lines])
        case doc.Table():
            title = f"### {text(one.title)}\n\n" if one.title else ""
            rows = ([_cell(cell) for cell in row] for row in one.rows)
            more = f"\n{text(one.more)}\n" if one.more else ""
            return title + table(one.headers, rows) + more
        case doc.Grid():
            shown = (
                (text(name), *("+".join(piece for _, piece in cell_texts(cell)) for cell in cells))
                for name, cells in one.rows
            )
            grid = table(("", *one.columns), shown) if one.rows else text(one.about) + "\n"
            return f"### {text(one.heading)}\n\n{grid}"
        case doc.Deviations():
            about = f", {text(one.about)}" if one.about else ""
            lines = [f"### {text(one.title)}: {one.word}{about}\n"]
            for found in one.found:
                facts = ((line, doc.uncoloured(*line.text)) for line in found.facts)
                lines.append(f"{code(found.rule)} ({text(found.level)}, {text(found.clause)})\n")
                lines.append("".join(f"- {f.label} {code(what) if f.code else text(what)}\n" for f, what in facts))
            return "\n".join(lines)
        case doc.Note():
            return text(one.text) + "\n"
        case doc.Remarks():
            return f"### {text(one.title)}\n\n{_listed(one.sentences)}"
        case doc.Ladder():
            return f"### {text(one.title)}\n\n```mermaid\n{diagram(one)}\n```\n"
    return ""


def _cell(cell: doc.Text) -> str:
    return code(cell.text) if isinstance(cell, doc.Toned) and cell.tone == "code" else text(doc.uncoloured(cell))


def _listed(sentences: Iterable[str]) -> str:
    return "".join(f"- {text(sentence)}\n" for sentence in sentences)


def text(given: str) -> str:
    """Plain text as Markdown shows it, in one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(given.split()).replace("&", "&amp;"))


def code(given: str) -> str:
    """Text in a code span: a segment, a rule. Not for tables, where a bar would end the cell."""
    inner = " ".join(given.split()).replace("`", "'")
    return f"`{inner}`" if inner else ""


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are Markdown already."""
    lines = [f"| {' | '.join(cells)} |" for cells in (headers, ["---"] * len(headers), *rows)]
    return "\n".join(lines) + "\n"


def fitted(head: str, parts: Sequence[str], room: int | None) -> str:
    """The parts below the head, the weightiest first, as far as ``room`` octets go; what is left out is told."""
    whole = "\n".join([head, *parts])
    if room is None or len(whole.encode()) <= room:
        return whole
    kept, left = [""], room - _RESERVED
    for line in head.splitlines(keepends=True):
        if (left := left - len(line.encode())) < 0:
            break
        kept[0] += line
    left = room - _RESERVED - len(kept[0].encode())
    for part in parts:
        size = len(part.encode()) + 1
        if size <= left:
            kept.append(part)
            left -= size
    note = _NOTE.format(count=len(parts) + 1 - len(kept), s="s" * (len(parts) + 1 - len(kept) != 1), room=f"{room:,}")
    return "\n".join([*kept, note]) if room > _RESERVED else ""


FORMAT = Format("markdown", "Write a summary with a ladder of what failed.", render)
