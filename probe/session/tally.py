"""Counts what became of connections, and lists those asked for, the worst first."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from probe.capture.assemble import Connections
from probe.capture.batch import Int64
from probe.capture.tables import Addresses
from probe.engine.connection import Connection
from probe.session.judged import Judge, Record

Listed = tuple[int, int, Connection]
"""Rank (smaller is worse), first packet, connection."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be found out. ``limit``: how many connections to list, None for all."""

    file: str
    profile: str = "rfc9293"
    wanted: Callable[[Connection], bool] | None = None
    limit: int | None = None


@dataclass(slots=True)
class Tally:
    """Connections counted by outcome, verdict and evidence, and those listed."""

    connections: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    evidence: Counter[str] = field(default_factory=Counter)
    listed: list[Listed] = field(default_factory=list)

    def add(self, judge: Judge, done: Connections, found: Int64, addresses: Addresses, asked: Asked) -> None:
        """Take in connections (made ``ready``) that are over; ``found`` are the places of their records."""
        self.count(judge.records, found)
        chosen = np.zeros(len(found), np.bool_)
        chosen[self.candidates(judge.records, done.facts.first, found, asked)] = True
        if chosen.any():
            self.show(judge, done.take(chosen), found[chosen], addresses, asked)

    def show(self, judge: Judge, done: Connections, found: Int64, addresses: Addresses, asked: Asked) -> None:
        """List connections (made ``ready``), those that are asked for."""
        for number, place in enumerate(found.tolist()):
            about = judge.records[place]
            ends = addresses.ends(int(done.facts.flow[number]))
            connection = judge.connection(done, number, about, asked.file, ends)
            if asked.wanted is None or asked.wanted(connection):
                self.listed.append((about.rank, connection.first_packet, connection))
        self.trim(asked.limit)

    def candidates(self, records: Sequence[Record], first: Int64, found: Int64, asked: Asked) -> Int64:
        """Which connections may be among those to list: all where a filter chooses, else the worst."""
        if asked.wanted is not None or asked.limit is None:
            return np.arange(len(found))
        used, which = np.unique(found, return_inverse=True)
        ranks = np.array([records[int(place)].rank for place in used], np.int64)[which.ravel()]
        chosen = np.arange(len(found))
        if len(self.listed) >= asked.limit > 0:
            rank, packet, _ = max(self.listed, key=lambda entry: entry[:2])
            chosen = np.flatnonzero((ranks < rank) | ((ranks == rank) & (first < packet)))
        return chosen[np.lexsort((first[chosen], ranks[chosen]))[: asked.limit]]

    def count(self, records: Sequence[Record], found: Int64) -> None:
        """Count connections by their records."""
        self.connections += len(found)
        for place, times in zip(*np.unique(found, return_counts=True), strict=True):
            about = records[int(place)]
            self.counts[about.label] += int(times)
            self.verdicts[about.pair.word] += int(times)
            self.evidence[about.evidence] += int(times)

    def merge(self, other: Tally, limit: int | None) -> None:
        """Take in another tally; counted once."""
        self.connections += other.connections
        self.counts += other.counts
        self.verdicts += other.verdicts
        self.evidence += other.evidence
        self.listed += other.listed
        self.trim(limit)

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
