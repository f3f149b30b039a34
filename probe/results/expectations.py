"""Expected deviations: which findings of a run were known before, which of them occur no longer, which are news."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from probe.results.connection import Replay
from probe.results.matrix import CellResult, MatrixRun
from probe.results.verdict import ExchangeResult, Expected, Fate, Finding, Known, Run, Verdict
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
    return replace(result, known=known(expectations, _place(result, name), result.findings))


def marked_run(run: Run, expectations: Sequence[Expected]) -> Run:
    """The run with what was expected of it."""
    if not expectations:
        return run
    return replace(run, exchanges=tuple(marked(_at(e, run), expectations, run.name) for e in run.exchanges))


def marked_matrix(run: MatrixRun, expectations: Sequence[Expected]) -> MatrixRun:
    """The same of a matrix, whose exchanges are its cells, ``ESTABLISHED:SYN+ACK``."""
    if not expectations:
        return run
    cells = tuple(
        replace(c, known=known(expectations, _cell(c, run), c.findings)) if c.findings else c for c in run.cells
    )
    return replace(run, cells=cells)


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
    seen = [(_place(_at(e, run), run.name), e.verdict, e.findings) for run in runs for e in run.exchanges]
    seen += [(_cell(c, run), c.verdict, c.findings) for run in matrices for c in run.cells]
    captured = {replace(one, fate=Fate.OPEN): one.fate for one in replay.expected} if replay is not None else {}
    cut = replay is not None and bool(replay.late or replay.interrupted or replay.faults)
    fates = [(one, _fate(one, seen, captured.get(one), cut=cut)) for one in expectations]
    return tuple(replace(one, fate=fate) for one, fate in fates)


def of_captures(expectations: Iterable[Expected]) -> tuple[Expected, ...]:
    """Those that speak of connections of captures."""
    return tuple(one for one in expectations if matches(one.exchange, CAPTURE))


def speaks_of(expected: Expected, end: Endpoint) -> bool:
    """Whether it is meant for findings against this end of captured connections: its address, or address and port."""
    return covers(expected, Place(str(end), end.address, end.version, CAPTURE))


def _fate(
    expected: Expected,
    seen: Iterable[tuple[Place, Verdict, Sequence[Finding]]],
    captured: Fate | None = None,
    *,
    cut: bool = False,
) -> Fate:
    """``captured``: what became of it in captures, of which not all was read where they are ``cut``."""
    about = [(word, findings) for place, word, findings in seen if covers(expected, place)]
    if any(word in _JUDGED and any(f.rule == expected.rule for f in findings) for word, findings in about):
        return Fate.OCCURS
    if captured is Fate.OCCURS:
        return Fate.OCCURS
    in_doubt = any(word is Verdict.INCONCLUSIVE for word, _ in about) or (cut and matches(expected.exchange, CAPTURE))
    judged = captured is Fate.GONE or any(word in _JUDGED for word, _ in about)
    return Fate.GONE if judged and not in_doubt else Fate.OPEN


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
    results = [(_place(_at(e, run), run.name), e.news, e.findings, e.known) for run in runs for e in run.exchanges]
    results += [(_cell(c, run), c.news, c.findings, c.known) for run in matrices for c in run.cells]
    several = len({(_host(place), place.ip_version) for place, *_ in results}) > len(
        {p.ip_version for p, *_ in results}
    )
    versions = {place.ip_version for place, *_ in results}
    found: dict[tuple[str, str, str], set[int]] = {}
    for place, word, findings, expected in results:
        rules = {f.rule for f in findings} - {one.rule for one in expected}
        for rule in sorted(rules) if word in (Verdict.FAIL, Verdict.WARN) else ():
            target = _host(place) if several else ""
            found.setdefault((place.exchange, rule, target), set()).add(place.ip_version)
    fresh = [
        Expected(exchange, rule, date, reason, target, version)
        for (exchange, rule, target), where in found.items()
        for version in ([0] if where == versions else sorted(where))
    ]
    broken = dict.fromkeys(rule for rule, _ in replay.deviations) if replay is not None else {}
    return (*kept, *fresh, *(Expected(CAPTURE, rule, date, reason) for rule in broken))


def _host(place: Place) -> str:
    """The target however its versions differ: its name, or its address and port where it has none."""
    return place.name or place.target


def _at(result: ExchangeResult, run: Run) -> ExchangeResult:
    """The result with target and version, which hand-made ones leave to their run."""
    return replace(result, target=result.target or run.target, ip_version=result.ip_version or run.ip_version)


def _place(result: ExchangeResult, name: str) -> Place:
    return Place(result.target, name, result.ip_version, result.id)


def _cell(cell: CellResult, run: MatrixRun) -> Place:
    return Place(run.target, "", cell.ip_version, cell.place)
