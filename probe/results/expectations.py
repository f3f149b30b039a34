"""Expected deviations: which findings of a run were known before, which of them occur no longer, which are news."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from probe.results.connection import Replay
from probe.results.matrix import CellResult, MatrixRun
from probe.results.verdict import ExchangeResult, Expected, Fate, Finding, Known, Run, Verdict, WithNews
from probe.spec.segment import Endpoint

CAPTURE = "capture"
"""What stands for the exchange where a connection of a capture is meant."""
RE_ENACTED = "replay-live"
"""The exchange that a captured connection becomes where it is played against a live peer."""
_JUDGED = (Verdict.PASS, Verdict.WARN, Verdict.FAIL)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was found: target (as ``address:port``, and as the user calls it), IP version, exchange."""

    target: str
    name: str
    ip_version: int
    exchange: str


def matches(pattern: str, text: str) -> bool:
    """Whether the text is meant; only ``*`` and ``?`` stand for others, brackets (which addresses have) do not."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text, re.DOTALL) is not None


def covers(expected: Expected, place: Place) -> bool:
    """Whether the expectation speaks of this exchange of this target."""
    named = not expected.target or any(matches(expected.target, one) for one in (place.target, place.name) if one)
    version = expected.ip_version in (0, place.ip_version)
    return named and version and matches(expected.exchange, place.exchange)


def known(expectations: Iterable[Expected], place: Place, findings: Sequence[Finding]) -> tuple[Known, ...]:
    """Those of the findings at a place that were expected."""
    rules = {finding.rule for finding in findings}
    found = {e.rule: Known(e.rule, e.date, e.reason) for e in expectations if e.rule in rules and covers(e, place)}
    return tuple(found.values())


def marked(result: ExchangeResult, expectations: Sequence[Expected], name: str = "") -> ExchangeResult:
    """The result with what was expected of it; ``name`` is what the user calls the target."""
    if not expectations or not result.findings:
        return result
    place = Place(result.target, name, result.ip_version, result.id)
    return replace(result, known=known(expectations, place, result.findings))


def marked_run(run: Run, expectations: Sequence[Expected]) -> Run:
    """The run with what was expected of it."""
    return replace(run, exchanges=tuple(marked(e, expectations, run.name) for e in placed(run)))


def marked_matrix(run: MatrixRun, expectations: Sequence[Expected]) -> MatrixRun:
    """The same of a matrix, whose exchanges are its cells, ``ESTABLISHED:SYN+ACK``."""
    cells = (replace(c, known=known(expectations, _cell(c, run), c.findings)) if c.findings else c for c in run.cells)
    return replace(run, cells=tuple(cells))


def fates(
    expectations: Iterable[Expected],
    runs: Sequence[Run] = (),
    matrices: Sequence[MatrixRun] = (),
    replay: Replay | None = None,
) -> tuple[Expected, ...]:
    """Each expectation with what became of it; ``replay`` was made with the same ones.

    It is gone only where its exchange was judged and nothing hints at the rule any more: not in an exchange that is
    inconclusive either.
    """
    seen = _places(runs, matrices)
    captured = {replace(one, fate=Fate.OPEN): one.fate for one in replay.expected} if replay is not None else {}
    cut = replay is not None and bool(replay.late or replay.interrupted or replay.faults)  # not all was read
    told = []
    for expected in expectations:
        about = [one for place, one in seen if covers(expected, place)]
        judged = [one for one in about if one.verdict in _JUDGED]
        in_doubt = any(one.verdict is Verdict.INCONCLUSIVE for one in about)
        in_doubt |= cut and matches(expected.exchange, CAPTURE)
        there = captured.get(expected)
        fate = Fate.GONE if (judged or there is Fate.GONE) and not in_doubt else Fate.OPEN
        if there is Fate.OCCURS or any(f.rule == expected.rule for one in judged for f in one.findings):
            fate = Fate.OCCURS
        told.append(replace(expected, fate=fate))
    return tuple(told)


def of_captures(expectations: Iterable[Expected]) -> tuple[Expected, ...]:
    """Those that speak of connections of captures."""
    return tuple(one for one in expectations if matches(one.exchange, CAPTURE))


def speaks_of(expected: Expected, end: Endpoint) -> bool:
    """Whether it is meant for findings against this end of captured connections: its address, or address and port."""
    return covers(expected, Place(str(end), end.address, end.version, CAPTURE))


def from_runs(
    runs: Sequence[Run],
    matrices: Sequence[MatrixRun],
    date: str,
    reason: str,
    before: Iterable[Expected] = (),
    replay: Replay | None = None,
) -> tuple[Expected, ...]:
    """Expectations that make every deviation of these runs a known one.

    Those of ``before`` that are not gone stay as they are. The target is named only where there are several, the IP
    version only where not every version of the run deviates: what a container's port is tomorrow nobody knows. For
    the connections of captures (``replay``) there is one a rule, whatever ends broke it.
    """
    kept = tuple(one for one in before if one.fate is not Fate.GONE)
    results = _places(runs, matrices)
    versions = {place.ip_version for place, _ in results}
    # However its versions differ, a target is its name, or its address and port where it has none.
    several = len({(place.name or place.target, place.ip_version) for place, _ in results}) > len(versions)
    found: dict[tuple[str, str, str], set[int]] = {}
    for place, one in results:
        for rule in sorted({f.rule for f in one.fresh}) if one.news in (Verdict.FAIL, Verdict.WARN) else ():
            target = (place.name or place.target) if several else ""
            found.setdefault((place.exchange, rule, target), set()).add(place.ip_version)
    fresh = [
        Expected(exchange, rule, date, reason, target, version)
        for (exchange, rule, target), where in found.items()
        for version in ([0] if where == versions else sorted(where))
    ]
    broken = dict.fromkeys(rule for rule, _ in replay.deviations) if replay is not None else {}
    return (*kept, *fresh, *(Expected(CAPTURE, rule, date, reason) for rule in broken))


def _places(runs: Sequence[Run], matrices: Sequence[MatrixRun]) -> list[tuple[Place, WithNews]]:
    """Every exchange and every cell with its place."""
    exchanges = [(Place(e.target, run.name, e.ip_version, e.id), e) for run in runs for e in placed(run)]
    return [*exchanges, *((_cell(c, run), c) for run in matrices for c in run.cells)]


def placed(run: Run) -> Iterator[ExchangeResult]:
    """Its exchanges with target and version, which some leave to their run."""
    for e in run.exchanges:
        yield replace(e, target=e.target or run.target, ip_version=e.ip_version or run.ip_version)


def _cell(cell: CellResult, run: MatrixRun) -> Place:
    return Place(run.target, "", cell.ip_version, cell.place)
