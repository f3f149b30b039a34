"""The report of a matrix: states by segments at a glance, every departure by rule and place, what was not reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial

from probe.reports import data
from probe.reports import document as doc
from probe.reports.builders import common
from probe.reports.builders import why as proofs
from probe.reports.builders.common import Chosen, none
from probe.reports.wording import known_text, listed
from probe.results.matrix import CellResult, MatrixReport, MatrixRun
from probe.results.verdict import SEVERITY, Finding, Verdict
from probe.spec import rules
from probe.spec.segment import KINDS
from probe.spec.states import State

_LEGEND = doc.Note(
    "12: so many positions of SEG.SEQ, SEG.ACK and payload, all as due; +3F failed, +2w warned, +1? could not be told,"
    " +4e were expected; skip: not played. Flags as tcpdump writes them; numbers in examples relative to the ISNs.",
    doc.TOLD | doc.On.QUIET,
)
_ACTIVE = "from SYN-SENT"
_SHOWN = 50
"""So many cells of a case are described; the JSON has all of them."""


def document(report: MatrixReport, why: Chosen = none) -> doc.Document:
    """The document. ``why`` says of which cells it is told what their verdicts stand on."""
    return doc.Document(
        "matrix",
        (section(report, why),),
        partial(data.matrix, report),
        frozenset({"cells", "ways", "runs"}),
        suites=partial(suites, report),
        alerts=partial(alerts, report),
    )


def section(report: MatrixReport, why: Chosen = none) -> doc.Section:
    """All of it, which may stand beside others."""
    failed = sum(common.fails(cell.news, report) for cell in report.cells)
    return doc.Section(
        common.headline(len(report.cells), failed, "cell"),
        common.counts(report, report.cells),
        (*(_grid(report, run) for run in report.runs), *common.on_runs(report.runs), *[_LEGEND] * bool(report.cells)),
        (
            *_by_rule(report),
            *_by_place(report),
            *_open(report),
            *common.noted(report.cells),
            *(proofs.why(cell, _where(run, cell)) for run in report.runs for cell in run.cells if why(cell)),
            *common.gone(report.expected),
        ),
    )


def _where(run: MatrixRun, cell: CellResult) -> str:
    return f"{cell.id or cell.place} at {run.target} (IPv{cell.ip_version})"


def suites(report: MatrixReport) -> list[doc.Suite]:
    """One a run."""
    return [_suite(report, run) for run in report.runs]


def _grid(report: MatrixReport, run: MatrixRun) -> doc.Grid:
    asked = tuple(kind for kind in KINDS if any(c.segment == kind for c in run.cells))
    rows = []
    for state in State:  # SYN-RECEIVED has two rows, by who opened
        own = [c for c in run.cells if c.state == state.value]
        for label, cells in (
            (state.value, [c for c in own if c.way != _ACTIVE]),
            (" active open", [c for c in own if c.way == _ACTIVE]),
        ):
            if cells:
                found = ([c for c in cells if c.segment == kind] for kind in asked)
                rows.append((label, tuple(common.counts(report, some) if some else None for some in found)))
    about = f"{len(run.cells)} cells over {run.connections} connections in {run.seconds:.1f} s, trigger {run.trigger}"
    heading, lines = f"target {run.target} (IPv{run.ip_version}), profile {report.profile}", common.about_run(run)
    return doc.Grid(heading, about, asked, tuple(rows), tuple(lines))


def _by_rule(report: MatrixReport) -> Iterator[doc.Deviations]:
    """For a terminal: failed cells, then warned ones, by the rule they break; a line a state and kind of segment."""
    for word in (Verdict.FAIL, Verdict.WARN):
        found = common.grouped((cell for cell in report.cells if cell.news is word), lambda cell: cell.rule)
        for rule, cells in found.items():
            known = rules.ALL.get(rule)
            facts = [doc.fact("rule", known.sentence)] if known else []
            # How many, one of them in full, and for which IP version if not for both.
            for place, group in common.grouped(cells, _place).items():
                first = group[0]
                versions = sorted({c.ip_version for c in group})
                count = len([c for c in group if c.ip_version == first.ip_version])
                only = "" if len(versions) > 1 else f" (IPv{versions[0]})"
                lead = f"{count} positions{only}, as" if count > 1 else f"1 position{only}:"
                facts.append(doc.fact(place, f"{lead} {_position(first)}: {common.finding_text(first)}"))
            one = doc.Deviation(word.value, word, rule, cells[0].level, cells[0].clause, tuple(facts))
            yield doc.Deviations("", rule, word, "", (one,), doc.On.TERMINAL)


def _place(cell: CellResult) -> str:
    state = f"{cell.state} {_ACTIVE}" if cell.way == _ACTIVE else cell.state
    return f"{state} {cell.segment}"


def _position(cell: CellResult) -> str:
    numbers = (f"SEG.SEQ={cell.seq}" if cell.seq else "", f"SEG.ACK={cell.ack}" if cell.ack not in ("", "none") else "")
    return ", ".join(filter(None, (*numbers, "with payload" if cell.payload else "")))


def _groups(report: MatrixReport) -> Iterator[tuple[list[CellResult], Finding]]:
    """The cells with findings that were not expected, by rule and place, with the first finding; failures first."""
    news = (cell for cell in report.cells if cell.findings and not cell.expected)
    found = common.grouped(news, lambda cell: (cell.news, cell.findings[0].rule, cell.place))
    for cells in sorted(found.values(), key=lambda cells: cells[0].news is not Verdict.FAIL):
        yield cells, cells[0].findings[0]


def _by_place(report: MatrixReport) -> Iterator[doc.Part]:
    """For a summary: an example of every rule broken in a place, drawn where it fails the run."""
    for cells, finding in _groups(report):
        first, count = cells[0], len(cells)
        where = f"{count} position{'s' * (count != 1)}"
        shown = (common.deviation(finding, first.news, None),)
        yield doc.Deviations("", first.place, first.news, where, shown, doc.On.SUMMARY)
        if common.fails(first.news, report):
            title = f"{first.place}: {finding.rule}"
            yield doc.Ladder(title, (), (), ("tester", "peer"), ("", ""), list, 2, (finding,), on=doc.On.SUMMARY)


def _open(report: MatrixReport) -> Iterator[doc.Reasons]:
    """Cells that could not be told; states, and other ways into them, that this peer could not be brought into."""
    doubts: dict[str, Counter[str]] = {}
    for cell in report.cells:
        if cell.verdict is Verdict.INCONCLUSIVE:
            doubts.setdefault(cell.reason, Counter())[_place(cell)] += 1
    rows = []
    for reason, counts in doubts.items():
        places = [place if count == 1 else f"{place} ({count})" for place, count in counts.items()]
        told = listed(places if len(places) <= 6 else [*places[:5], f"{len(places) - 5} more"])
        rows.append((Verdict.INCONCLUSIVE.value, f"{reason}: {told}"))
    absent: dict[tuple[Verdict, str], dict[str, None]] = {}
    for way in (way for run in report.runs for way in run.ways if way.verdict is not Verdict.PASS):
        absent.setdefault((way.verdict, way.reason), {})[f"{way.state} ({way.way})"] = None
    missing = [(word.value, f"{why}: not reached: {listed(ways)}") for (word, why), ways in absent.items()]
    yield from (doc.Reasons(tuple(some)) for some in (rows, missing) if some)


def alerts(report: MatrixReport) -> Iterator[doc.Alert]:
    """One a rule broken in a state."""
    for cells, f in _groups(report):
        first = cells[0]
        where = f"{len(cells)} of {first.place}, as over IPv{first.ip_version}"
        message = f"{where}: {common.finding_text(f)} ({f.level_text}, {f.clause})"
        yield from common.alert(first.news, report, f"{f.rule} in {first.place}", message)


def _suite(report: MatrixReport, run: MatrixRun) -> doc.Suite:
    """A case a state, way and kind of segment."""
    groups = common.grouped(run.cells, lambda cell: (cell.state, cell.way, cell.segment)).values()
    cases = [_case(cells, report.fail_on) for cells in groups] + common.in_trouble(run.trouble)
    properties = {
        "target": run.target,
        "ip_version": str(run.ip_version),
        "profile": report.profile,
        "trigger": run.trigger,
        **common.properties(run),
    }
    return doc.Suite(f"{run.target} IPv{run.ip_version}", cases, properties, run.seconds)


def _case(cells: list[CellResult], fail_on: frozenset[Verdict]) -> doc.Case:
    """The group ends as its weightiest cell does, and tells of every cell that is not as due."""
    heaviest = max(cells, key=lambda c: (c.news in fail_on, SEVERITY.index(c.news), c.expected))
    end, message, kind = common.ended(heaviest, heaviest.reason, fail_on)
    odd = []
    for cell in (cell for cell in cells if cell.verdict is not Verdict.PASS):
        lead = f"{cell.verdict} {_position(cell)}"
        if not cell.findings:
            odd.append(f"{lead}: {cell.reason}")
        for f in cell.findings:
            since = next((f"; {known_text(one)}" for one in cell.known if one.rule == f.rule), "")
            reason = f" ({cell.reason})" if cell.reason else ""
            odd.append(f"{lead}{reason}: {f.rule} ({f.level_text}, {f.clause}): {common.finding_text(f)}{since}")
    if end is doc.CaseEnd.FAILED and len(cells) > 1:
        message = f"{sum(c.news is heaviest.news for c in cells)} of {len(cells)} positions, as {message}"
    told = "\n".join([*odd[:_SHOWN], *[f"{len(odd) - _SHOWN} more"] * (len(odd) > _SHOWN)])
    words = [c.news for c in cells if not c.expected]
    numbers = [f"{words.count(word)} {word}" for word in Verdict if word in words]
    numbers += [f"{len(cells) - len(words)} expected"] if len(words) < len(cells) else []
    about = f"{len(cells)} position{'s' * (len(cells) != 1)}: {listed(numbers)}"
    name = f"{heaviest.state} {heaviest.segment}" + (f" ({heaviest.way})" if heaviest.way else "")
    text = (told,) if end is doc.CaseEnd.FAILED else ()
    return doc.Case(name, end, message, kind, text, ("\n".join(filter(None, (about, told))),))
