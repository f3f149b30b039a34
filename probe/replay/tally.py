"""Counts what became of connections, and lists those asked for, the worst first."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from probe.capture.batch import Bools, Int64
from probe.replay.describing import Describer
from probe.replay.expected import Assessment, Finished, assess, marked, spoken_of
from probe.replay.flow.ending import Ending
from probe.replay.judging import RANKS, Doubt, Judge
from probe.replay.timeline import Counting, happened
from probe.replay.troubles import Troubles
from probe.results.artefacts import Artefact, Suspicion
from probe.results.connection import Close, Connection, Evidence, Handshake, Oddity
from probe.results.listing import Entry
from probe.results.verdict import Expected, Fate, Verdict

_MANY = 20
"""An artefact is one of the file where one in so many connections bears its sign."""
PLACE = itemgetter(0, 1)
"""Of an `Entry` rank and first packet: its place in a list."""
_ANSWERED = {Handshake.FOLLOWED, Handshake.INCOMPLETE}


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
    and verdict, those expected left out; ``signs`` those whose record bears that of an artefact, late by ``lag``
    seconds at most. ``apart`` are the tallies of those that break something, by `Record.doubt`: the signs that the
    records of the whole file bear decide. Of the expectations, by their places, ``hits`` occurred and ``seen`` speak of
    an end that was met. ``troubles`` are those that ended badly.
    """

    connections: int = 0
    counts: Counter[tuple[Handshake, Close]] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    evidence: Counter[Evidence] = field(default_factory=Counter)
    listed: list[Entry] = field(default_factory=list)
    known: int = 0
    deviations: Counter[tuple[str, Verdict]] = field(default_factory=Counter)
    hits: set[int] = field(default_factory=set)
    seen: set[int] = field(default_factory=set)
    oddities: Counter[Oddity] = field(default_factory=Counter)
    timeline: Counting = field(default_factory=Counting)
    troubles: Troubles = field(default_factory=Troubles)
    signs: Counter[Artefact] = field(default_factory=Counter)
    lag: float = 0.0
    apart: dict[Doubt, Tally] = field(default_factory=dict)

    def add(self, judge: Judge, finished: Finished, asked: Asked) -> None:
        """Take in connections that are over: count them, and list those asked for."""
        said, which = assess(judge.records, finished, asked.expected)
        if asked.expected:
            self.seen |= spoken_of(asked.expected, self.seen | self.hits, finished)
        flows = [happened(*one.record.flow) for one in said]
        self.timeline.add(flows, which, finished.facts.start, finished.facts.last)
        self._add_troubles(said, which, finished, asked.file)
        doubts = [one.record.doubt for one in said]
        # What is listed of those apart is not known before the file is over.
        most = asked.limit if asked.wanted is None else None
        for doubt in dict.fromkeys(doubts):
            mine = np.array([one == doubt for one in doubts], np.bool_)[which]
            if doubt is None:
                self._add(judge, finished, said, which, mine, asked)
            else:
                tally = self.apart.setdefault(doubt, Tally())
                tally._add(judge, finished, said, which, mine, replace(asked, wanted=None, limit=most))

    def _add(
        self, judge: Judge, finished: Finished, said: Sequence[Assessment], which: Int64, mine: Bools, asked: Asked
    ) -> None:
        """Take in those of the connections that are ``mine``."""
        self.connections += int(mine.sum())
        for one, times in zip(said, np.bincount(which[mine], minlength=len(said)).tolist(), strict=True):
            if not times:
                continue
            self.counts[one.record.flow] += times
            self.evidence[one.record.evidence] += times
            self.oddities.update(dict.fromkeys((kind for kind, _ in one.record.oddities), times))
            self.signs.update(dict.fromkeys(one.record.pair.signs.artefacts, times))
            self.lag = max(self.lag, one.record.pair.signs.lag)
            if one.expected:
                self.known += times
            else:
                self.verdicts[one.news] += times
            self.deviations.update(dict.fromkeys(one.fresh.items(), times))
            self.hits.update(number for numbers in one.covered for number in numbers)
        chosen: Bools = np.zeros(len(which), np.bool_)
        chosen[self._candidates(said, which, finished.facts.first, mine, asked)] = True
        if not chosen.any():
            return
        describer = Describer(judge, finished.take(chosen), asked.file, finished.addresses, finished.latest)
        found = describer.entries([(one.rank, one.record) for one in said], which[chosen])
        if asked.wanted is not None:
            found = [one for one in found if asked.wanted(one.connection)]
        if asked.expected:
            found = [one._replace(model=marked(one.model, asked.expected)) for one in found]
        self.listed += found
        self.trim(asked.limit)

    def _add_troubles(self, said: Sequence[Assessment], which: Int64, finished: Finished, file: str) -> None:
        endings: dict[Ending, int] = {}
        places = [endings.setdefault(one.record.ending, len(endings)) for one in said]
        if places:
            answered = np.array([one.record.outcome.handshake in _ANSWERED for one in said], np.bool_)
            self.troubles.add(list(endings), np.array(places, np.int64)[which], answered[which], finished, file)

    def _candidates(
        self, said: Sequence[Assessment], which: Int64, first: Int64, mine: Bools, asked: Asked
    ) -> NDArray[np.intp]:
        """Which connections may be among those to list: all where a filter chooses, else the worst.

        Describing connections takes longer than judging them, so only those are that can come into the list.
        """
        chosen = np.flatnonzero(mine)
        if asked.wanted is not None or asked.limit is None:
            return chosen
        ranks = np.array([one.rank for one in said], np.int64)[which]
        if len(self.listed) >= asked.limit > 0:
            rank, packet = max(map(PLACE, self.listed))
            chosen = np.flatnonzero(mine & ((ranks < rank) | ((ranks == rank) & (first < packet))))
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
        self.signs += other.signs
        self.lag = max(self.lag, other.lag)
        for doubt, tally in other.apart.items():
            self.apart.setdefault(doubt, Tally()).merge(tally, limit)
        self.trim(limit)

    def settle(self, asked: Asked) -> None:
        """The file is over: what its records bear the signs of decides over the connections apart."""
        signs, count = Counter(self.signs), self.connections
        for tally in self.apart.values():
            signs, count = signs + tally.signs, count + tally.connections
        lag = max([self.lag, *(tally.lag for tally in self.apart.values())])
        apart, self.apart = self.apart, {}
        for doubt, tally in apart.items():
            standing = file_wide(signs, count, lag, doubt)
            if standing:
                tally._put_in_doubt(standing)
            if asked.wanted is not None:
                tally.listed = [one for one in tally.listed if asked.wanted(one.connection)]
            self.merge(tally, asked.limit)

    def _put_in_doubt(self, artefacts: Sequence[Artefact]) -> None:
        """None of the connections is accused of anything."""
        told = sum(self.verdicts.values())
        self.verdicts, self.deviations = Counter({Verdict.INCONCLUSIVE: told} if told else {}), Counter()
        rank = RANKS[Verdict.INCONCLUSIVE]
        self.listed = [one._replace(rank=rank, model=doubted(one.model, artefacts)) for one in self.listed]

    def suspicions(self, file: str) -> tuple[Suspicion, ...]:
        """What the records of one file, whose tally this is, bear the signs of."""
        late = (Artefact.ORDER, Artefact.CLOCKS)
        return tuple(
            Suspicion(file, one, self.signs[one], self.connections, self.lag if one in late else 0.0)
            for one in Artefact
            if self.signs[one]
        )

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
            self.listed = heapq.nsmallest(limit, self.listed, key=PLACE)


def file_wide(signs: Counter[Artefact], connections: int, lag: float, doubt: Doubt) -> tuple[Artefact, ...]:
    """The artefacts that put in doubt what connections break.

    Their own records bear no sign. But where many of the file do, theirs may have been changed all the same.
    """
    many = {one for one, count in signs.items() if count * _MANY >= connections}
    found = many & {Artefact.DOUBLED, Artefact.RENUMBERED} - doubt.minded
    found |= many & {Artefact.ORDER, Artefact.CLOCKS} if doubt.gap <= lag else set()
    return tuple(sorted(found))


def doubted(connection: Connection, artefacts: Sequence[Artefact]) -> Connection:
    """The connection, accused of nothing, because of these artefacts."""
    return replace(
        connection,
        findings=(),
        blamed=(),
        known=(),
        verdict=Verdict.INCONCLUSIVE,
        artefacts=tuple(sorted({*connection.artefacts, *artefacts})),
        doubtful=(*connection.findings, *connection.doubtful),
    )
