"""Counts what became of connections, and lists those asked for, the worst first."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from probe.capture.batch import Bools, Int64
from probe.replay.expected import Over, Standing, marked, seen, standings
from probe.replay.judging import Judge
from probe.results.connection import Close, Connection, Evidence, Handshake
from probe.results.verdict import Expected, Fate, Verdict

Listed = tuple[int, int, Connection]
"""Rank (smaller is worse), first packet, connection."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be found out. ``limit``: how many connections to list, None for all.

    ``expected`` are deviations of connections that are no news.
    """

    file: str
    profile: str = "rfc9293"
    wanted: Callable[[Connection], bool] | None = None
    limit: int | None = None
    expected: tuple[Expected, ...] = ()


@dataclass(slots=True)
class Tally:
    """Connections counted by outcome, verdict and evidence, and those listed.

    ``known`` deviate in expected ways only, and in no other count but outcome and evidence. ``deviations`` are by rule
    and verdict, those expected left out. Of the expectations, by their places, ``hits`` occurred and ``seen`` speak of
    an end that was met.
    """

    connections: int = 0
    counts: Counter[tuple[Handshake, Close]] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    evidence: Counter[Evidence] = field(default_factory=Counter)
    listed: list[Listed] = field(default_factory=list)
    known: int = 0
    deviations: Counter[tuple[str, Verdict]] = field(default_factory=Counter)
    hits: set[int] = field(default_factory=set)
    seen: set[int] = field(default_factory=set)

    def add(self, judge: Judge, over: Over, asked: Asked) -> None:
        """Take in connections."""
        told, which = standings(judge.records, over, asked.expected)
        self._count(told, which)
        if asked.expected:
            self.seen |= seen(asked.expected, self.seen | self.hits, over)
        chosen: Bools = np.zeros(len(which), np.bool_)
        chosen[self._candidates(told, which, over.facts.first, asked)] = True
        if chosen.any():
            self._show(judge, [told[place] for place in which[chosen].tolist()], chosen, over, asked)

    def _show(self, judge: Judge, told: Sequence[Standing], chosen: Bools, over: Over, asked: Asked) -> None:
        """List the chosen connections, those that are asked for."""
        done = over.take(chosen)
        for number, one in enumerate(told):
            connection = judge.connection(done, number, one.record, asked.file, over.addresses)
            if asked.wanted is None or asked.wanted(connection):
                self.listed.append((one.rank, connection.first_packet, marked(connection, asked.expected)))
        self.trim(asked.limit)

    def _candidates(self, told: Sequence[Standing], which: Int64, first: Int64, asked: Asked) -> Int64:
        """Which connections may be among those to list: all where a filter chooses, else the worst."""
        chosen = np.arange(len(which))
        if asked.wanted is not None or asked.limit is None:
            return chosen
        ranks = np.array([one.rank for one in told], np.int64)[which]
        if len(self.listed) >= asked.limit > 0:
            rank, packet, _ = max(self.listed, key=lambda entry: entry[:2])
            chosen = np.flatnonzero((ranks < rank) | ((ranks == rank) & (first < packet)))
        return chosen[np.lexsort((first[chosen], ranks[chosen]))[: asked.limit]]

    def _count(self, told: Sequence[Standing], which: Int64) -> None:
        """Count connections by what is said of them."""
        self.connections += len(which)
        for one, times in zip(told, np.bincount(which, minlength=len(told)).tolist(), strict=True):
            if not times:
                continue
            self.counts[one.record.flow] += times
            self.evidence[one.record.evidence] += times
            if one.expected:
                self.known += times
            else:
                self.verdicts[one.news] += times
            self.deviations.update(dict.fromkeys(one.fresh.items(), times))
            self.hits.update(number for numbers in one.covered for number in numbers)

    def merge(self, other: Tally, limit: int | None) -> None:
        """Take in another tally; counted once."""
        self.connections += other.connections
        self.counts += other.counts
        self.verdicts += other.verdicts
        self.evidence += other.evidence
        self.listed += other.listed
        self.known += other.known
        self.deviations += other.deviations
        self.hits |= other.hits
        self.seen |= other.seen
        self.trim(limit)

    def fates(self, expected: Sequence[Expected], *, whole: bool) -> dict[Expected, Fate]:
        """What became of the expectations; none is gone unless all was read (``whole``)."""
        gone = self.seen if whole else set()
        return {
            one: Fate.OCCURS if number in self.hits else Fate.GONE if number in gone else Fate.OPEN
            for number, one in enumerate(expected)
        }

    def trim(self, limit: int | None) -> None:
        """Keep the worst."""
        if limit is not None and len(self.listed) > limit:
            self.listed = heapq.nsmallest(limit, self.listed, key=lambda entry: entry[:2])


def shifted(connection: Connection, by: int, index: int) -> Connection:
    """The connection with its packet numbers moved by ``by`` and another index."""
    if not by:
        return connection if index == connection.index else replace(connection, index=index)
    return replace(
        connection,
        index=index,
        first_packet=connection.first_packet + by,
        client_states=tuple(replace(step, packet=step.packet + by) for step in connection.client_states),
        server_states=tuple(replace(step, packet=step.packet + by) for step in connection.server_states),
        findings=tuple(replace(f, packets=tuple(n + by for n in f.packets)) for f in connection.findings),
    )
