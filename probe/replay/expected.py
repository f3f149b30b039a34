"""What of connections was expected: told by their records where those decide it, else by the ends of each one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from probe.capture.batch import Bools, Int64
from probe.capture.tables import Addresses
from probe.replay.assembling import Connections, Facts
from probe.replay.judging import EXPECTED_RANK, RANKS, Record, ends_of
from probe.results.connection import Connection
from probe.results.expectations import speaks_of
from probe.results.verdict import Expected, Known, Verdict, worst
from probe.spec.segment import Endpoint

Covered = tuple[tuple[int, ...], ...]
"""For each finding the places of the expectations that cover it."""


@dataclass(frozen=True, slots=True)
class Finished:
    """Connections that are over: places of their records, facts, and ``take``, which gives some of them, made ready.

    ``latest`` is the latest time known of their file (nanoseconds).
    """

    found: Int64
    facts: Facts
    take: Callable[[Bools], Connections]
    addresses: Addresses
    latest: int


@dataclass(frozen=True, slots=True)
class Assessment:
    """What is said of some connections: their record, and what of it was expected."""

    record: Record
    covered: Covered = ()

    @property
    def fresh(self) -> dict[str, Verdict]:
        """The rules broken where that was not expected, each with its verdict."""
        findings = self.record.pair.findings
        covered = self.covered or ((),) * len(findings)
        return {f.rule: f.word for f, numbers in zip(findings, covered, strict=True) if not numbers}

    @property
    def news(self) -> Verdict:
        """The verdict without what was expected."""
        if not any(self.covered):
            return self.record.pair.word
        rest = Verdict.PASS if self.record.pair.settled else Verdict.INCONCLUSIVE
        return worst([rest, *self.fresh.values()])

    @property
    def expected(self) -> bool:
        """Whether all that these connections deviate in was expected, and there is nothing more to them."""
        return any(self.covered) and not self.fresh and self.record.pair.settled

    @property
    def rank(self) -> int:
        """The place in a list of the worst: what was expected stands behind what is news."""
        if not any(self.covered):
            return self.record.rank
        return EXPECTED_RANK if self.expected else RANKS[self.news]


def _is_particular(expected: Expected) -> bool:
    """Whether it asks for an end or an IP version, which a record does not know."""
    return bool(expected.target or expected.ip_version)


def assess(
    records: Sequence[Record], finished: Finished, expected: Sequence[Expected]
) -> tuple[list[Assessment], Int64]:
    """What is said of the connections, each thing once, and for each connection its place there."""
    used, inverse = np.unique(finished.found, return_inverse=True)
    which: Int64 = inverse.ravel()
    said, apart = [], []
    for number, record in enumerate(records[place] for place in used.tolist()):
        about = [
            [(n, _is_particular(one)) for n, one in enumerate(expected) if one.rule == finding.rule]
            for finding in record.pair.findings
        ]
        general = tuple(tuple(n for n, particular in one if not particular) for one in about)
        said.append(Assessment(record, general if any(general) else ()))
        if any(particular for one in about for _, particular in one):
            apart.append(number)
    if apart:
        _assess_each(said, which, np.isin(which, apart), finished, expected)
    return said, which


def _assess_each(
    said: list[Assessment], which: Int64, chosen: Bools, finished: Finished, expected: Sequence[Expected]
) -> None:
    """Say of each of the chosen connections for itself what was expected of it; ``said`` grows."""
    places: dict[tuple[int, Covered], int] = {}
    some = finished.take(chosen)
    for number, at in enumerate(np.flatnonzero(chosen).tolist()):
        before = int(which[at])
        record, (client, server) = said[before].record, ends_of(some, number, finished.addresses)
        covered = tuple(
            _covering(expected, finding.rule, client if by_client else server)
            for finding, by_client in zip(record.pair.findings, record.pair.by_client, strict=True)
        )
        place = places.setdefault((before, covered), len(said))
        if place == len(said):
            said.append(Assessment(record, covered if any(covered) else ()))
        which[at] = place


def _covering(expected: Sequence[Expected], rule: str, end: Endpoint) -> tuple[int, ...]:
    return tuple(n for n, one in enumerate(expected) if one.rule == rule and speaks_of(one, end))


def spoken_of(expected: Sequence[Expected], known: set[int], finished: Finished) -> set[int]:
    """The expectations that speak of an end of these connections, those of ``known`` left out."""
    rest = {n for n, one in enumerate(expected) if n not in known}
    found = {n for n in rest if not _is_particular(expected[n])} if len(finished.found) else set()
    rest -= found
    for flow in finished.facts.flow.tolist() if rest else ():
        hit = {n for n in rest if any(speaks_of(expected[n], end) for end in finished.addresses.ends(flow))}
        found, rest = found | hit, rest - hit
        if not rest:
            break
    return found


def marked(connection: Connection, expected: Sequence[Expected]) -> Connection:
    """The connection with what was expected of its findings."""
    if not expected or not connection.findings:
        return connection
    known = []
    for finding, end in zip(connection.findings, connection.blamed, strict=True):
        covering = [expected[n] for n in _covering(expected, finding.rule, end)]
        known.append(Known(finding.rule, covering[-1].date, covering[-1].reason) if covering else None)
    return replace(connection, known=tuple(known)) if any(known) else connection
