"""Counts what became of connections, and lists those asked for, the worst first."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from probe.capture.batch import Bools, Int64
from probe.replay.expected import Assessment, Finished, assess, marked, spoken_of
from probe.replay.flow.ending import Ending
from probe.replay.judging import Judge
from probe.replay.timeline import Counting, happened
from probe.replay.troubles import Troubles
from probe.results.connection import Close, Connection, Evidence, Handshake, Oddity
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
    an end that was met. ``troubles`` are those that ended badly.
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
    oddities: Counter[Oddity] = field(default_factory=Counter)
    timeline: Counting = field(default_factory=Counting)
    troubles: Troubles = field(default_factory=Troubles)

    def add(self, judge: Judge, finished: Finished, asked: Asked) -> None:
        """Take in connections that are over: count them, and list those asked for."""
        said, which = assess(judge.records, finished, asked.expected)
        self.connections += len(which)
        for one, times in zip(said, np.bincount(which, minlength=len(said)).tolist(), strict=True):
            if not times:
                continue
            self.counts[one.record.flow] += times
            self.evidence[one.record.evidence] += times
            self.oddities.update(dict.fromkeys((kind for kind, _ in one.record.oddities), times))
            if one.expected:
                self.known += times
            else:
                self.verdicts[one.news] += times
            self.deviations.update(dict.fromkeys(one.fresh.items(), times))
            self.hits.update(number for numbers in one.covered for number in numbers)
        flows = [happened(*one.record.flow) for one in said]
        self.timeline.add(flows, which, finished.facts.start, finished.facts.last)
        if asked.expected:
            self.seen |= spoken_of(asked.expected, self.seen | self.hits, finished)
        self._add_troubles(said, which, finished, asked.file)
        chosen: Bools = np.zeros(len(which), np.bool_)
        chosen[self._candidates(said, which, finished.facts.first, asked)] = True
        if not chosen.any():
            return
        some = finished.take(chosen)
        for number, place in enumerate(which[chosen].tolist()):
            record, addresses = said[place].record, finished.addresses
            connection = judge.connection(some, number, record, asked.file, addresses, finished.latest)
            if asked.wanted is None or asked.wanted(connection):
                listed = marked(connection, asked.expected)
                self.listed.append((said[place].rank, connection.first_packet, listed))
        self.trim(asked.limit)

    def _add_troubles(self, said: Sequence[Assessment], which: Int64, finished: Finished, file: str) -> None:
        endings: dict[Ending, int] = {}
        places = [endings.setdefault(one.record.ending, len(endings)) for one in said]
        if places:
            of = np.array(places, np.int64)[which]
            self.troubles.add(list(endings), of, finished.facts, finished.addresses, finished.latest, file)

    def _candidates(self, said: Sequence[Assessment], which: Int64, first: Int64, asked: Asked) -> Int64:
        """Which connections may be among those to list: all where a filter chooses, else the worst.

        Describing a connection takes ten times as long as judging it, so only those are that can come into the list.
        """
        chosen = np.arange(len(which))
        if asked.wanted is not None or asked.limit is None:
            return chosen
        ranks = np.array([one.rank for one in said], np.int64)[which]
        if len(self.listed) >= asked.limit > 0:
            rank, packet, _ = max(self.listed, key=lambda entry: entry[:2])
            chosen = np.flatnonzero((ranks < rank) | ((ranks == rank) & (first < packet)))
        return chosen[np.lexsort((first[chosen], ranks[chosen]))[: asked.limit]]

    def merge(self, other: Tally, limit: int | None) -> None:
        """Take in another tally; counted once."""
        self.connections += other.connections
        self.counts += other.counts
        self.verdicts += other.verdicts
        self.evidence += other.evidence
        self.oddities += other.oddities
        self.timeline.merge(other.timeline)
        self.listed += other.listed
        self.known += other.known
        self.deviations += other.deviations
        self.hits |= other.hits
        self.seen |= other.seen
        self.troubles.merge(other.troubles)
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
    stop = connection.stopped
    return replace(
        connection,
        index=index,
        first_packet=connection.first_packet + by,
        stopped=None if stop is None else replace(stop, packet=stop.packet + by, last=stop.last + by),
        client_states=tuple(replace(step, packet=step.packet + by) for step in connection.client_states),
        server_states=tuple(replace(step, packet=step.packet + by) for step in connection.server_states),
        oddities=tuple(replace(odd, packet=odd.packet + by) for odd in connection.oddities),
        findings=tuple(replace(f, packets=tuple(n + by for n in f.packets)) for f in connection.findings),
    )
