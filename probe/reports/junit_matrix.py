"""What a matrix found as JUnit's suites: one a target and IP version, one case a state and kind of segment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from probe.reports import as_junit
from probe.reports.as_junit import Case, End, Suite, environment
from probe.reports.junit_suites import outcome
from probe.reports.wording import known_text, listed
from probe.results.matrix import CellResult, MatrixReport, MatrixRun
from probe.results.verdict import SEVERITY, Verdict

_SHOWN = 50
"""So many cells of a case are described; the JSON has all of them."""


def render(report: MatrixReport, *, errors: Sequence[str] = ()) -> str:
    """The report as one document; ``errors`` are sentences of which those of runs stand in their suites."""
    own = {run.trouble for run in report.runs}
    beside = [sentence for sentence in errors if sentence not in own]
    found = [_run(report, run) for run in report.runs]
    return as_junit.render(found + ([environment("probe matrix", beside)] if beside else []), "probe matrix")


def _run(report: MatrixReport, run: MatrixRun) -> Suite:
    title = f"{run.target} IPv{run.ip_version}"
    groups: dict[tuple[str, str, str], list[CellResult]] = {}
    for cell in run.cells:
        groups.setdefault((cell.state, cell.way, cell.segment), []).append(cell)
    cases = [_case(key, cells, report.fail_on) for key, cells in groups.items()]
    if run.trouble:
        cases.append(Case("environment", End.ERROR, run.trouble, "environment"))
    properties = {
        "target": run.target,
        "ip_version": str(run.ip_version),
        "profile": report.profile,
        "trigger": run.trigger,
        **{f"warning_{number}": warning for number, warning in enumerate(run.warnings, 1)},
    }
    return Suite(f"probe matrix {title}", f"matrix.{title.replace('.', '_')}", cases, properties, run.seconds)


def _case(key: tuple[str, str, str], cells: list[CellResult], fail_on: frozenset[Verdict]) -> Case:
    """The group ends as its weightiest cell does, and tells of every cell that is not as due."""
    state, way, segment = key
    heaviest = max(cells, key=lambda c: (c.news in fail_on, SEVERITY.index(c.news), c.expected))
    end, message, kind = outcome(
        heaviest.verdict, heaviest.news, heaviest.findings, heaviest.known, heaviest.reason, fail_on
    )
    odd = [line for cell in cells if cell.verdict is not Verdict.PASS for line in _lines(cell)]
    alike = sum(c.news is heaviest.news for c in cells)
    if end is End.FAILED and len(cells) > 1:
        message = f"{alike} of {len(cells)} positions, as {message}"
    told = [*odd[:_SHOWN], *([f"{len(odd) - _SHOWN} more"] if len(odd) > _SHOWN else [])]
    out = "\n".join([_counted(cells), *told]) + "\n"
    name = f"{state} {segment}" + (f" ({way})" if way else "")
    return Case(name, end, message, kind, "\n".join(told) if end is End.FAILED else "", out)


def _counted(cells: Sequence[CellResult]) -> str:
    words = [c.news for c in cells if not c.expected]
    parts = [f"{words.count(word)} {word}" for word in Verdict if word in words]
    parts += [f"{len(cells) - len(words)} expected"] if len(words) < len(cells) else []
    return f"{len(cells)} position{'s' * (len(cells) != 1)}: {listed(parts)}"


def _lines(cell: CellResult) -> Iterator[str]:
    numbers = (f"SEG.SEQ={cell.seq}" if cell.seq else "", f"SEG.ACK={cell.ack}" if cell.ack not in ("", "none") else "")
    where = ", ".join(filter(None, (*numbers, "with payload" if cell.payload else "")))
    if not cell.findings:
        yield f"{cell.verdict} {where}: {cell.reason}"
    for f in cell.findings:
        known = next((f"; {known_text(one)}" for one in cell.known if one.rule == f.rule), "")
        reason = f" ({cell.reason})" if cell.reason else ""
        about = f"{f.rule} ({f.level_text}, {f.clause}): sent {f.sent}; due {f.due}; came {f.came}"
        yield f"{cell.verdict} {where}{reason}: {about}{known}"
