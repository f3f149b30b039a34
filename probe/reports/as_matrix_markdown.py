"""The matrix in Markdown: states by segments, then every rule broken with one example of it drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from probe.reports.as_annotations import Annotation, level_of, troubles, written
from probe.reports.as_markdown import gone
from probe.reports.as_matrix_text import counts_line
from probe.reports.as_mermaid import stimulus
from probe.reports.markdown import code, fitted, mermaid, table, text
from probe.results.matrix import CellResult, MatrixReport, MatrixRun
from probe.results.verdict import Verdict
from probe.spec.segment import KINDS
from probe.spec.states import State

_LETTERS = ((Verdict.FAIL, "F"), (Verdict.WARN, "w"), (Verdict.INCONCLUSIVE, "?"))
_LEGEND = "Positions as due; F failed, w warned, ? could not be told, e as expected; skip: not played.\n"


def render(report: MatrixReport, *, exit_code: int, errors: Sequence[str] = (), room: int | None = None) -> str:
    """The document; with ``room``, no longer than so many octets."""
    failed = sum(c.news is Verdict.FAIL or c.news in report.fail_on for c in report.cells)
    told = f"{failed} of {len(report.cells)} cells failed" if failed else "no cell failed"
    head = [f"## probe matrix: {told if report.cells else 'nothing was judged'}\n"]
    head.append(f"{code(counts_line(report, exit_code))}\n")
    head += ["".join(f"- {text(sentence)}\n" for sentence in errors)] if errors else []
    head += [_matrix(run) for run in report.runs]
    return fitted("\n".join(head), list(_parts(report)), room)


def annotated(report: MatrixReport, *, errors: Sequence[str] = ()) -> str:
    """Workflow commands of GitHub Actions: a line a rule broken in a state, and one an error."""
    found = list(troubles(errors))
    for cells in _groups(report):
        first, level = cells[0], level_of(cells[0].news, report.fail_on)
        if level is not None:
            f = first.findings[0]
            where = f"{len(cells)} of {first.place}, as over IPv{first.ip_version}"
            message = f"{where}: sent {f.sent}; due {f.due}; came {f.came} ({f.level_text}, {f.clause})"
            found.append(Annotation(level, f"{f.rule} in {first.place}", message))
    return written(found)


def _matrix(run: MatrixRun) -> str:
    asked = [kind for kind in KINDS if any(c.segment == kind for c in run.cells)]
    rows = []
    for state in State:
        own = [c for c in run.cells if c.state == state.value]
        if own:
            rows.append((text(state.value), *(_cell([c for c in own if c.segment == kind]) for kind in asked)))
    if not rows:
        return f"### {text(run.target)} (IPv{run.ip_version})\n"
    heading = f"### {text(run.target)} (IPv{run.ip_version})\n\n"
    return heading + table(("", *asked), rows) + "\n" + _LEGEND


def _cell(cells: Sequence[CellResult]) -> str:
    counts = Counter(c.news for c in cells if not c.expected)
    if not cells or set(counts) == {Verdict.SKIP}:
        return "skip" if cells else "-"
    expected = len(cells) - counts.total()
    parts = [str(counts[Verdict.PASS])] if counts[Verdict.PASS] else []
    parts += [f"{counts[word]}{letter}" for word, letter in _LETTERS if counts[word]]
    return "+".join(parts + ([f"{expected}e"] if expected else []))


def _groups(report: MatrixReport) -> list[list[CellResult]]:
    """The cells that fail or warn, by rule and place; those that fail first."""
    found: dict[tuple[str, str, str], list[CellResult]] = {}
    for cell in report.cells:
        if cell.findings and not cell.expected:
            found.setdefault((cell.news, cell.findings[0].rule, cell.place), []).append(cell)
    return sorted(found.values(), key=lambda cells: cells[0].news is not Verdict.FAIL)


def _parts(report: MatrixReport) -> Iterator[str]:
    groups = _groups(report)
    for cells in groups:
        first = cells[0]
        f = first.findings[0]
        lines = [f"### {text(first.place)}: {first.news}, {len(cells)} position{'s' * (len(cells) != 1)}\n"]
        lines.append(f"{code(f.rule)} ({text(f.level_text)}, {text(f.clause)})\n")
        about = (("sent", f.sent), ("due", f.due), ("came", f.came))
        lines.append("".join(f"- {label} {code(value)}\n" for label, value in about))
        yield "\n".join(lines)
    yield from gone(report.expected)
    for cells in groups:
        first = cells[0]
        if first.news in report.fail_on.union({Verdict.FAIL}):
            f = first.findings[0]
            yield f"### {text(first.place)}: {text(f.rule)}\n\n" + mermaid(stimulus(f.sent, f.came, f))
