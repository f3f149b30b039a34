"""Puts the parts of one file together, in order: connections that run over a cut are made whole again.

A part hands over its edges judged as if nothing more belonged to them. Where a SYN shows that nothing does, that
stands; else the segments of both sides are assembled and judged anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from probe.capture.batch import Bools, Int64
from probe.capture.tables import Addresses
from probe.replay.assembling import Connections, assembled_again, gone, ready
from probe.replay.edges import NOBODY, Edge, Held, Store, edge_of, together
from probe.replay.expected import Over
from probe.replay.judging import Judge
from probe.replay.part import PartResult
from probe.replay.splitting import GONE
from probe.replay.syn_options import OptionTable
from probe.replay.tally import Asked, Tally, shifted


@dataclass(slots=True)
class _Births:
    """Which of the connections that a part counted as new were none, and which it missed."""

    local: Int64
    base: int
    gone: Int64
    added: Int64

    def index(self, first: Int64) -> Int64:
        """The index in the file of connections of this part by their first packets."""
        found: Int64 = (
            self.base
            + np.searchsorted(self.local, first)
            - np.searchsorted(self.gone, first)
            + np.searchsorted(self.added, first)
        )
        return found

    @property
    def count(self) -> int:
        return len(self.local) - len(self.gone) + len(self.added)


class Stitcher:
    """Takes the parts' results in order; ``tally`` is what is known of connections that are over."""

    def __init__(self, asked: Asked) -> None:
        self.tally = Tally()
        self.records = 0
        self._asked = asked
        self._begun = 0
        self._addresses = Addresses()
        self._options = OptionTable()
        self._judge = Judge(asked.profile, self._options)
        self._store = Store()
        self._open = NOBODY

    def add(self, result: PartResult) -> None:
        """The next part."""
        by = self.records if result.part.first is None else 0
        births = _Births(result.births + by, self._begun, _NONE, _NONE)
        heads = together([self._held(edge, result, by) for edge in result.heads])
        tails = self._held(result.tails, result, by) if result.tails else NOBODY
        if result.part.start == 0:
            self._open = tails
            self._begun += result.begun
        else:
            self._join(heads, tails, births)
            self._begun += births.count
            result.tally.listed = [
                (rank, first + by, shifted(c, by, int(births.index(np.array([first + by]))[0])))
                for rank, first, c in result.tally.listed
            ]
        self.tally.merge(result.tally, self._asked.limit)
        self.records += result.records

    def finish(self) -> None:
        """There are no more parts: what is open is over."""
        self._over(self._open)
        self._open = NOBODY

    def _held(self, edge: Edge, result: PartResult, by: int) -> Held:
        """The edge in our numbers: packets, flows, options, records."""
        options = np.array([self._options.number(*known) for known in result.options], np.int32)
        place = np.full(len(result.found), -1, np.int64)
        used = np.unique(edge.found)
        place[used] = len(self._judge.records) + np.arange(len(used))
        self._judge.records += [result.found[int(number)] for number in used]
        return self._store.add(edge, result.addresses.moved(edge.flow, self._addresses), place[edge.found], by, options)

    def _join(self, heads: Held, tails: Held, births: _Births) -> None:
        """Heads of a part against what was open before it; ``births`` is corrected."""
        before = self._open
        torn = _torn(before, together([heads, tails.take(~tails.facts.settled)]))
        beyond = np.isin(before.flow, np.concatenate((heads.flow, tails.flow)))
        split = np.isin(before.flow, torn)
        anew = self._again(before, heads, tails, torn, births)
        whole = tails.take(~np.isin(tails.flow, torn) | tails.facts.settled)
        heads = heads.take(~np.isin(heads.flow, torn))
        last = np.append(anew.flow[1:] != anew.flow[:-1], True)[: len(anew)] & ~np.isin(anew.flow, whole.flow)
        self._over(before.take(beyond & ~split))
        self._over(heads.indexed(births.index(heads.facts.first)))
        self._over(anew.take(~last))
        whole = whole.indexed(births.index(whole.facts.first))
        self._open = self._store.prune(self._without_gone(together([before.take(~beyond), whole, anew.take(last)])))

    def _again(self, before: Held, heads: Held, tails: Held, torn: Int64, births: _Births) -> Held:
        """The connections of torn flows, from the segments of both sides."""
        if not torn.size:
            return NOBODY
        beginnings = together([heads, tails.take(~tails.facts.settled)])
        ours, theirs = (held.take(np.isin(held.flow, torn)) for held in (before, beginnings))
        births.gone = np.sort(theirs.facts.first)
        again = assembled_again([self._store.fetch(ours), self._store.fetch(theirs)])
        new = np.ones(len(again), np.bool_)
        new[np.searchsorted(again.facts.flow, ours.flow)] = False
        births.added = np.sort(again.facts.first[new])
        index, reused = births.index(again.facts.first), again.facts.reused.copy()
        index[~new], reused[~new] = ours.facts.index, ours.facts.reused
        again = Connections(again.group, replace(again.facts, index=index, reused=reused))
        edge = edge_of(again, self._judge.judge(ready(again)))
        options = np.arange(len(self._options.known), dtype=np.int32)
        return self._store.add(edge, edge.flow, edge.found, 0, options)

    def _without_gone(self, held: Held) -> Held:
        """What may still go on, of open connections; those silent for too long are over."""
        late = np.flatnonzero(held.facts.last.max(initial=0) - held.facts.last > GONE)
        if not late.size:
            return held
        silent = np.zeros(len(held), np.bool_)
        connections = self._store.fetch(held.take(late))
        silent[late] = gone(connections.group, connections.facts, int(held.facts.last.max()))
        self._over(held.take(silent))
        return held.take(~silent)

    def _over(self, held: Held) -> None:
        """Count connections; list those among the worst."""

        def take(chosen: Bools) -> Connections:
            return ready(self._store.fetch(held.take(chosen)))

        self.tally.add(self._judge, Over(held.found, held.facts, take, self._addresses), self._asked)


def _torn(before: Held, ours: Held) -> Int64:
    """Flows known on both sides of a cut, but for those where a SYN on this side shows that it begins anew."""
    flows, first = np.unique(ours.flow, return_index=True)
    both = np.isin(flows, before.flow)
    flows, one, two = flows[both], before.take(np.searchsorted(before.flow, flows[both])), ours.take(first[both])
    apart = one.plain & two.plain & (one.high == two.high) & (one.isn != two.isn)
    found: Int64 = flows[~apart]
    return found


_NONE = np.zeros(0, np.int64)
