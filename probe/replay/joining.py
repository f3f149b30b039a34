"""Joins the parts of one file, in order: connections that run over a cut are made whole again.

A part hands over its partial connections with all their segments, judged as if nothing more belonged to them. Where a
SYN shows that nothing does, that stands; else the segments of both sides of the cut are assembled and judged anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from probe.capture.batch import Bools, Int64, Table
from probe.capture.tables import Addresses
from probe.engine.belief.tracker import Memory
from probe.replay.assembling import (
    AT_ONCE,
    AT_ONCE_AGAIN,
    Connections,
    Facts,
    assembled_again,
    folded,
    gone,
    ready,
    sorted_by_flow,
)
from probe.replay.cutting import CAP
from probe.replay.expected import Finished
from probe.replay.icmp import IcmpTable
from probe.replay.judging import Judge
from probe.replay.part import Partial, PartResult, partial
from probe.replay.rows import Grouped, Places
from probe.replay.splitting import GONE
from probe.replay.syn_options import OptionTable
from probe.replay.tally import Asked, Tally

_NONE = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Pending(Table):
    """Connections that may go on: what must be at hand of each. Their segments stay where they are (`SegmentStore`).

    ``source`` and ``place`` say where; ``found`` is the place of the record, the rest is as in `Partial`.
    """

    facts: Facts
    found: Int64
    plain: Bools
    isn: NDArray[np.uint32]
    high: Bools
    source: Int64
    place: Int64

    @property
    def flow(self) -> Int64:
        """The flow of each connection."""
        return self.facts.flow

    def indexed(self, index: Int64) -> Pending:
        """The same with other indices."""
        return replace(self, facts=replace(self.facts, index=index))


_FALSE = np.zeros(0, np.bool_)
_NO_FACTS = Facts(_NONE, _NONE, _NONE, _NONE, _NONE, _NONE, _FALSE, _NONE, _NONE, _FALSE, _FALSE, _NONE)
NOTHING = Pending(_NO_FACTS, _NONE, _FALSE, np.zeros(0, np.uint32), _FALSE, _NONE, _NONE)


def together(parts: Sequence[Pending]) -> Pending:
    """The connections of all parts sorted by flow; of one flow in the order of the parts."""
    some = [NOTHING, *parts]
    return Pending.joined(some, np.argsort(np.concatenate([part.flow for part in some]), kind="stable"))


def _lasts(flow: Int64) -> Places:
    """The last place of each flow, of flows in order."""
    return np.flatnonzero(np.append(flow[1:] != flow[:-1], True)[: len(flow)])


def _found(flow: Int64, among: Int64) -> tuple[Places, Bools]:
    """Of each flow the place among others, which are in order and each there once; and whether it is there."""
    place = np.searchsorted(among, flow)
    return place, np.append(among, -1)[place] == flow


def _followed(before: Pending, behind: Pending) -> Pending:
    """The connections, each the last one on its flow; the first one ``behind`` it there is the next."""
    place = np.searchsorted(behind.flow, before.flow)
    start = behind.facts.start[place]
    return replace(before, facts=replace(before.facts, followed=np.where(start - before.facts.last <= GONE, start, 0)))


class SegmentStore:
    """The segments of partial connections, fetched when they are needed.

    Of most connections nothing but the flow is ever looked at, so that joining is a matter of a few arrays.
    """

    def __init__(self) -> None:
        self._sources: dict[int, tuple[Grouped, int, NDArray[np.int32]]] = {}
        self._next = 0

    def add(
        self, some: Partial, flow: Int64, found: Int64, icmp: Int64, by: int, options: NDArray[np.int32]
    ) -> Pending:
        """Keep some connections.

        Their flows, records and ICMP errors are ``flow``, ``found`` and ``icmp`` to us, their packet numbers grow by
        ``by``, ``options`` are our numbers for their options.
        """
        number = self._keep(some.connections.group, by, options)
        facts, count = some.connections.facts, len(found)
        facts = replace(facts, flow=flow, first=facts.first + by, icmp=icmp)
        pending = Pending(facts, found, some.plain, some.isn, some.high, np.full(count, number), np.arange(count))
        return together([pending])

    def _keep(self, group: Grouped, by: int, options: NDArray[np.int32]) -> int:
        self._sources[self._next] = group, by, options
        self._next += 1
        return self._next - 1

    def fetch(self, pending: Pending) -> Connections:
        """The connections with their segments, in the order of ``pending``, which is sorted by flow."""
        parts = []
        order: list[Int64] = []
        for number in np.unique(pending.source):
            group, by, options = self._sources[int(number)]
            mine = np.flatnonzero(pending.source == number)
            group = group.marked(old=np.zeros(len(group.rows), np.bool_)).at(pending.place[mine])
            rows = replace(
                group.rows,
                flow=np.repeat(pending.flow[mine], group.sizes),
                number=group.rows.number + by,
                option=options[group.rows.option],
            )
            parts.append(Connections(Grouped(rows, group.starts, group.from_client), pending.facts.take(mine)))
            order.append(mine)
        return sorted_by_flow(parts, np.concatenate(order))

    def settle(self, pending: Pending) -> Pending:
        """Fold what is long: nothing before it belongs to these connections."""
        long = pending.facts.packets > CAP
        if not long.any():
            return pending
        some = folded(self.fetch(pending.take(long)))
        same = np.arange(int(some.group.rows.option.max(initial=0)) + 1, dtype=np.int32)
        source, place = pending.source.copy(), pending.place.copy()
        source[long], place[long] = self._keep(some.group, 0, same), np.arange(len(some))
        return replace(pending, source=source, place=place)

    def prune(self, pending: Pending) -> Pending:
        """Let go of sources none of whose connections is pending; those with few left are copied out of theirs.

        Else one connection that stays open for hours would keep all the segments of its part.
        """
        left = {number: count for number, count in enumerate(np.bincount(pending.source).tolist()) if count}
        self._sources = {number: kept for number, kept in self._sources.items() if number in left}
        few = [number for number, count in left.items() if count * 4 < len(self._sources[number][0].starts)]
        if not few:
            return pending
        moved = np.isin(pending.source, few)
        connections = self.fetch(pending.take(moved))
        same = np.arange(int(connections.group.rows.option.max(initial=0)) + 1, dtype=np.int32)
        source, place = pending.source.copy(), pending.place.copy()
        source[moved], place[moved] = self._keep(connections.group, 0, same), np.arange(len(connections))
        for old in few:
            del self._sources[old]
        return replace(pending, source=source, place=place)


@dataclass(slots=True)
class _FirstPackets:
    """First packets of the connections that a part counted as new (``local``), and what joining corrects of them.

    ``gone`` were the rest of a connection from before the cut; ``added`` the part did not see. A connection's index is
    its rank among the first packets of the file, so both move the indices of those behind.
    """

    local: Int64
    base: int
    gone: Int64
    added: Int64

    def index(self, first: Int64) -> Int64:
        """The index in the file of connections of this part by their first packets."""
        before = [np.searchsorted(packets, first) for packets in (self.local, self.gone, self.added)]
        found: Int64 = self.base + before[0] - before[1] + before[2]
        return found


class Joiner:
    """Takes the parts' results in order; ``tally`` is what is known of connections that are over."""

    def __init__(self, asked: Asked) -> None:
        self.tally = Tally()
        self.records = 0
        self._asked = asked
        self._begun = 0
        self._latest = 0
        self._addresses = Addresses()
        self._options = OptionTable()
        self._icmp = IcmpTable()
        self._judge = Judge(asked.profile, self._options, self._icmp, Memory())
        self._store = SegmentStore()
        self._open = NOTHING

    def add(self, result: PartResult) -> None:
        """The next part."""
        by = self.records if result.part.first is None else 0
        self._latest = max(self._latest, result.latest)
        self._attach(result, by)
        firsts = _FirstPackets(result.first_packets + by, self._begun, _NONE, _NONE)
        heads = together([self._ours(some, result, by) for some in result.heads])
        tails = self._ours(result.tails, result, by) if result.tails else NOTHING
        if result.part.start == 0:
            self._open = tails
            self._begun += result.begun
        else:
            self._join(heads, tails, firsts)
            self._begun += len(firsts.local) - len(firsts.gone) + len(firsts.added)
            for tally in (result.tally, *result.tally.apart.values()):
                index = firsts.index(np.array([one.first_packet for one in tally.listed], np.int64) + by).tolist()
                tally.listed = [one.moved(by, number) for one, number in zip(tally.listed, index, strict=True)]
            result.tally.troubles.moved(by, firsts.index)
        self.tally.merge(result.tally, self._asked.limit)
        self.tally.troubles.settle(self._latest, over=False)
        self.records += result.records

    def _attach(self, result: PartResult, by: int) -> None:
        """ICMP errors of a part that are about connections which were open before it: these are judged anew."""
        before = self._open
        flows = result.addresses.moved(np.array([one.flow for one in result.errors], np.int64), self._addresses)
        told = zip(result.errors, flows.tolist(), strict=True)
        errors = [error._replace(flow=flow, number=error.number + by) for error, flow in told]
        icmp, _ = self._icmp.attach(before.flow, before.facts.first, before.facts.icmp, errors)
        changed = icmp != before.facts.icmp
        if changed.any():
            before = replace(before, facts=replace(before.facts, icmp=icmp), found=before.found.copy())
            before.found[changed] = self._judge.judge(ready(folded(self._store.fetch(before.take(changed)))))
            self._open = before

    def finish(self) -> None:
        """There are no more parts: what is open is over."""
        self._over(self._open)
        self._open = NOTHING
        self.tally.troubles.settle(self._latest, over=True)
        self.tally.settle(self._asked)

    def _ours(self, some: Partial, result: PartResult, by: int) -> Pending:
        """Partial connections in our numbers: packets, flows, options, records."""
        numbers = [self._options.number(known, faults, whole=whole) for known, faults, whole in result.options]
        options = np.array(numbers, np.int32)
        place = np.full(len(result.found), -1, np.int64)
        used = np.unique(some.found)
        place[used] = len(self._judge.records) + np.arange(len(used))
        self._judge.records += [result.found[int(number)] for number in used]
        flow = result.addresses.moved(some.flow, self._addresses)
        known, which = np.unique(some.connections.facts.icmp, return_inverse=True)
        icmp = np.array([self._icmp.number(result.icmp[number]) for number in known.tolist()], np.int64)[which]
        return self._store.add(some, flow, place[some.found], icmp, by, options)

    def _join(self, heads: Pending, tails: Pending, firsts: _FirstPackets) -> None:
        """Heads and tails of a part against what was open before it; ``firsts`` is corrected.

        A flow that is on both sides of the cut is torn, unless a SYN shows that it begins anew behind the cut. A head
        is over in this part, so of a flow with heads nothing from before the cut stays open; tails stay open.
        """
        before, unsettled = self._open, tails.take(~tails.facts.settled)
        ours = together([heads, unsettled])
        flows, first = np.unique(ours.flow, return_index=True)
        place, both = _found(flows, before.flow)
        flows, one, two = flows[both], before.take(place[both]), ours.take(first[both])
        # What comes after two SYNs of one end with different numbers is another connection, whatever lies between them.
        apart = one.plain & two.plain & (one.high == two.high) & (one.isn != two.isn)
        torn = flows[~apart | (two.facts.start - one.facts.last <= AT_ONCE_AGAIN)]
        touched = np.zeros(len(before), np.bool_)
        for some in (heads, tails):
            place, there = _found(some.flow, before.flow)
            touched[place[there]] = True
        anew = self._again(before, heads, unsettled, torn, firsts)
        whole = tails.take(~np.isin(tails.flow, torn) | tails.facts.settled)
        heads = heads.take(~np.isin(heads.flow, torn))
        # Of the connections of a torn flow the last one is open, unless the part knows a later one on it.
        last = np.append(anew.flow[1:] != anew.flow[:-1], True)[: len(anew)] & ~np.isin(anew.flow, whole.flow)
        self._over(_followed(before.take(touched & ~np.isin(before.flow, torn)), together([heads, tails])))
        self._over(heads.indexed(firsts.index(heads.facts.first)))
        self._over(anew.take(~last))
        whole = self._store.settle(whole.indexed(firsts.index(whole.facts.first)))
        self._open = self._store.prune(self._without_gone(together([before.take(~touched), whole, anew.take(last)])))

    def _again(self, before: Pending, heads: Pending, tails: Pending, torn: Int64, firsts: _FirstPackets) -> Pending:
        """The connections of torn flows, from the segments of both sides."""
        if not torn.size:
            return NOTHING
        ours, theirs = (some.take(np.isin(some.flow, torn)) for some in (before, together([heads, tails])))
        firsts.gone = np.sort(theirs.facts.first)
        again = assembled_again([self._store.fetch(ours), self._store.fetch(theirs)], self._icmp)
        # The first connection of each flow is the one that was open: it keeps its index. The others begin in this part.
        new = np.ones(len(again), np.bool_)
        new[np.searchsorted(again.facts.flow, ours.flow)] = False
        firsts.added = np.sort(again.facts.first[new])
        index, reused, asked = firsts.index(again.facts.first), again.facts.reused.copy(), again.facts.asked.copy()
        index[~new], reused[~new], asked[~new] = ours.facts.index, ours.facts.reused, ours.facts.asked
        # What follows the last one on a flow the part knows already.
        followed = again.facts.followed.copy()
        followed[_lasts(again.facts.flow)] = theirs.facts.followed[_lasts(theirs.flow)]
        facts = replace(again.facts, index=index, reused=reused, asked=asked, followed=followed)
        again = Connections(again.group, facts)
        some = partial(again, self._judge.judge(ready(folded(again))))
        options = np.arange(len(self._options.known), dtype=np.int32)
        return self._store.add(some, some.flow, some.found, again.facts.icmp, 0, options)

    def _without_gone(self, pending: Pending) -> Pending:
        """What may still go on, of open connections; those silent for too long are over."""
        late = np.flatnonzero(pending.facts.last.max(initial=0) - pending.facts.last > GONE)
        if not late.size:
            return pending
        silent = np.zeros(len(pending), np.bool_)
        connections = self._store.fetch(pending.take(late))
        silent[late] = gone(connections.group, connections.facts, int(pending.facts.last.max()))
        self._over(pending.take(silent))
        return pending.take(~silent)

    def _over(self, pending: Pending) -> None:
        """Count connections; list those among the worst. Some thousand at a time, as in `Connections.slices`."""
        for begin in range(0, len(pending), AT_ONCE):
            some = pending.take(slice(begin, begin + AT_ONCE))

            def take(chosen: Bools, some: Pending = some) -> Connections:
                return ready(folded(self._store.fetch(some.take(chosen))))

            finished = Finished(some.found, some.facts, take, self._addresses, self._latest)
            self.tally.add(self._judge, finished, self._asked)
