"""Chunks to connections. What is held is bounded by the connections still open, whatever the length of the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from probe.capture.batch import Bools, Int64, Table
from probe.capture.icmp import QuotedSegment
from probe.capture.reader import Chunk, Reading
from probe.capture.tables import Addresses
from probe.engine.path.reordering import OVERTAKING
from probe.replay.cutting import CAP, UNACKNOWLEDGED, cut_down
from probe.replay.folding import bridged, fold
from probe.replay.icmp import IcmpTable
from probe.replay.rows import Grouped, Places, Rows, of_chunk
from probe.replay.splitting import GONE, SECOND, beginnings, is_over
from probe.replay.syn_options import OptionTable
from probe.spec.segment import ACK, SYN

_ADDRESSES = 1 << 18
"""Pairs of addresses remembered before those of closed connections are forgotten."""
AT_ONCE = 1 << 14
"""Connections judged and listed at a time."""
AT_ONCE_AGAIN = int(OVERTAKING * SECOND)
"""Nanoseconds in which two SYNs with different numbers may be one, recorded before and behind what rewrites them."""
BATCH = 1 << 18
"""Segments worked on at a time: arrays of this length outweigh the cost of calls and still fit in little memory."""


@dataclass(frozen=True, slots=True)
class Facts(Table):
    """One entry a connection: what folding would forget.

    ``index``: place among the connections by first packet, from 0. ``packets``: segments, the folded ones too.
    ``reused``: the four-tuple had another connection shortly before (within ``splitting.GONE``: longer ones may be
    forgotten), ``followed``: when one begins so shortly behind it, 0 where none does. ``asked``: the end that opens had
    sent a SYN just before, whose number lies so far ahead of the first one here; 0: it had not. ``client_high``: its
    client is the high end of the flow. ``settled``: no segment before the rows taken in could belong to the connection,
    or make it one with another. ``icmp``: ICMP errors about its segments, by their number in the `IcmpTable`.
    """

    flow: Int64
    index: Int64
    packets: Int64
    first: Int64
    start: Int64
    last: Int64
    reused: Bools
    asked: Int64
    followed: Int64
    client_high: Bools
    settled: Bools
    icmp: Int64


@dataclass(frozen=True, slots=True)
class Connections:
    """Connections and their segments, folded: ``group.starts`` and ``facts`` run side by side."""

    group: Grouped
    facts: Facts

    def __len__(self) -> int:
        return len(self.facts)

    def take(self, chosen: Bools) -> Connections:
        """The chosen connections."""
        return Connections(self.group.of(chosen), self.facts.take(chosen))

    def slices(self) -> Iterator[Connections]:
        """The same, some thousand at a time and without a copy: what is made to judge and to list millions adds up."""
        for begin in range(0, len(self), AT_ONCE):
            some = slice(begin, begin + AT_ONCE)
            starts = self.group.starts[some]
            rows = slice(int(starts[0]), int(self.group.ends[some][-1]))
            group = Grouped(self.group.rows.take(rows), starts - rows.start, self.group.from_client[rows])
            yield Connections(group, self.facts.take(some))


def sorted_by_flow(parts: Sequence[Connections], ranks: Int64 | None = None) -> Connections:
    """The connections of all parts (at least one) sorted by flow; of one flow in the order of the parts.

    Where ``ranks`` are given (one a connection), by them.
    """
    rows, facts = Rows.joined([part.group.rows for part in parts]), Facts.joined([part.facts for part in parts])
    sizes = np.concatenate([part.group.sizes for part in parts])
    from_client = np.concatenate([part.group.from_client for part in parts])
    order = np.argsort(facts.flow if ranks is None else ranks, kind="stable")
    return Connections(Grouped(rows, np.cumsum(sizes) - sizes, from_client).at(order), facts.take(order))


class Assembler:
    """Takes rows in file order, gives connections that are over.

    ``open`` are those that may go on, ``errors`` ICMP errors not attached to any. ``latest`` is the latest time
    (nanoseconds) of rows taken in. ``begun`` counts connections; ``first_packets`` are those of all, where rows are
    missing at the start. A connection is over when a SYN begins the next one on its four-tuple, when too much time has
    passed (see ``splitting.is_over``), or at ``finish``.
    """

    def __init__(self, batch: int = BATCH, *, first: bool = True) -> None:
        """Work on at least ``batch`` rows at a time. ``first``: there are no rows before those taken in."""
        self.options = OptionTable()
        self.icmp = IcmpTable()
        self.errors: list[QuotedSegment] = []
        self.open: Connections | None = None
        self.begun = 0
        self.latest = 0
        self.first_packets: list[Int64] = []
        self._batch = batch
        self.first = first
        self._waiting: list[Rows] = []
        self._count = 0

    @property
    def held(self) -> int:
        """How many connections are open."""
        return len(self.open) if self.open else 0

    def feed(self, chunk: Chunk) -> Iterator[Connections]:
        """Take in a chunk."""
        self.errors += chunk.errors
        if not len(chunk):
            return
        self._waiting.append(of_chunk(chunk, self.options))
        self.latest = max(self.latest, int(chunk.time.max()))
        self._count += len(chunk)
        held = len(self.open.group.rows) if self.open else 0
        if self._count >= max(self._batch, held):  # what is held is sorted anew each time: keep that linear
            yield self.work()

    def pause(self) -> Iterator[Connections]:
        """Work on whatever was taken in, so that ``open`` is up to date."""
        if self._waiting:
            yield self.work()

    def finish(self) -> Iterator[Connections]:
        """The input is over: so is every connection."""
        if self._waiting or self.open:
            yield self.work(final=True)

    def work(self, *, final: bool = False) -> Connections:
        """Work on the rows taken in: the connections that are over (all when ``final``)."""
        parts = [*([self.open.group.rows] if self.open else []), *self._waiting]
        self._waiting, self._count = [], 0
        rows = Rows.joined(parts, np.argsort(np.concatenate([part.flow for part in parts]), kind="stable"))
        del parts
        group = Grouped(rows, np.flatnonzero(beginnings(rows)))
        facts = self._facts(group)  # before folding, which forgets how many segments there were
        # What is left is about no connection of the file, or about one of an earlier part.
        icmp, left = self.icmp.attach(facts.flow, facts.first, facts.icmp, self.errors)
        facts, self.errors = replace(facts, icmp=icmp), left if not self.first else []
        self.open = None
        group, orderly = _folded(group, facts.settled)
        done = np.ones(len(facts), np.bool_) if final else gone(group, facts)
        # What earlier parts may have more of is left as it is: only the whole connection tells what of it can go.
        room = np.where(facts.settled, np.where(orderly & ~done, UNACKNOWLEDGED, CAP), len(rows))
        everything = Connections(cut_down(group, room), facts)
        still = everything.take(~done)
        old = np.ones(len(still.group.rows), np.bool_)
        self.open = Connections(still.group.marked(old=old), still.facts) if len(still) else None
        return everything.take(done)

    def _facts(self, group: Grouped) -> Facts:
        rows, starts, ends = group.rows, group.starts, group.ends
        first, packets = rows.number[starts].copy(), ends - starts
        flow = rows.flow[starts]
        reused = np.zeros(len(starts), np.bool_)
        reused[1:] = (flow[1:] == flow[:-1]) & (rows.time[starts[1:]] - rows.time[ends[:-1] - 1] <= GONE)
        asked, followed = _asked(rows, starts), _followed(rows, starts, reused)
        index = np.empty(len(starts), np.int64)
        carried = rows.old[starts]
        born = np.flatnonzero(~carried)
        index[born[np.argsort(first[born], kind="stable")]] = self.begun + np.arange(len(born))
        self.begun += len(born)
        if not self.first:
            self.first_packets.append(np.sort(first[born]))
        icmp = np.zeros(len(starts), np.int64)
        if self.open:  # one open connection to a flow, and both sorted by flow
            before = self.open.facts
            index[carried], reused[carried], asked[carried] = before.index, before.reused, before.asked
            packets[carried] += before.packets - self.open.group.sizes
            icmp[carried] = before.icmp
        settled, client_high = self._settled(group, flow, carried), _client_high(group)
        start, last = rows.time[starts], rows.time[ends - 1]
        return Facts(flow, index, packets, first, start, last, reused, asked, followed, client_high, settled, icmp)

    def _settled(self, group: Grouped, flow: Int64, carried: Bools) -> Bools:
        """Which connections no segment of an earlier part can touch.

        After two SYNs of one end with different numbers what came before decides nothing any more: that connection is
        certain, and so are all behind it on its four-tuple.
        """
        if self.first:
            return np.ones(len(flow), np.bool_)
        rows, starts, doubtful = group.rows, group.starts, group.doubtful
        plain, high = rows.flags[starts] & (SYN | ACK) == SYN, rows.from_high[starts]
        certain = np.zeros(len(flow), np.bool_)
        certain[1:] = plain[1:] & plain[:-1] & ~doubtful[:-1] & (flow[1:] == flow[:-1])
        certain[1:] &= high[1:] == high[:-1]
        if self.open:
            certain[carried] = self.open.facts.settled
        heads = np.ones(len(flow), np.bool_)
        heads[1:] = flow[1:] != flow[:-1]
        places = np.arange(len(flow))
        last = np.maximum.accumulate(np.where(certain, places, -1))
        found: Bools = last >= np.maximum.accumulate(np.where(heads, places, 0))
        return found

    def renew(self, addresses: Addresses) -> Addresses:
        """A table of addresses with those of open connections only, which are renumbered; call ``work`` before."""
        new = Addresses()
        if self.open is None:
            return new
        flows = addresses.moved(self.open.facts.flow, new)
        group, facts = self.open.group, replace(self.open.facts, flow=flows)
        group = group.marked(flow=np.repeat(flows, group.sizes))
        self.open = sorted_by_flow([Connections(group, facts)])
        return new


def assembled_again(parts: Sequence[Connections], errors: IcmpTable) -> Connections:
    """What the segments of the parts give together, sorted by flow; ``index`` is left open."""
    rows = Rows.joined([part.group.rows for part in parts])
    old = np.arange(len(rows)) < len(parts[0].group.rows)
    rows = replace(rows, old=old)
    folded = np.zeros(len(rows), np.int64)
    lasts = np.concatenate([part.group.sizes for part in parts]).cumsum() - 1
    folded[lasts] = np.concatenate([part.facts.packets - part.group.sizes for part in parts])
    order = np.lexsort((rows.number, rows.flow))
    rows, folded = rows.take(order), folded[order]
    group = Grouped(rows, np.flatnonzero(beginnings(rows)))
    starts, ends, none = group.starts, group.ends, np.zeros(len(group.starts), np.int64)
    packets = group.sizes + np.add.reduceat(folded, starts)
    flow, reused = rows.flow[starts], none > 0
    reused[1:] = (flow[1:] == flow[:-1]) & (rows.time[starts[1:]] - rows.time[ends[:-1] - 1] <= GONE)
    first, icmp = rows.number[starts], none.copy()
    for part in parts:
        some = part.facts.take(part.facts.icmp > 0)
        for one, began, number in zip(some.flow.tolist(), some.first.tolist(), some.icmp.tolist(), strict=True):
            begin, end = np.searchsorted(flow, [one, one + 1])
            place = begin + int(np.searchsorted(first[begin:end], began, "right")) - 1
            icmp[place] = errors.joined(int(icmp[place]), number)
    start, last = rows.time[starts], rows.time[ends - 1]
    asked, followed = _asked(rows, starts), _followed(rows, starts, reused)
    facts = Facts(
        flow, none, packets, first, start, last, reused, asked, followed, _client_high(group), none == 0, icmp
    )
    group, orderly = _folded(group, facts.settled)
    return Connections(cut_down(group, np.where(orderly, UNACKNOWLEDGED, CAP)), facts)


def _asked(rows: Rows, starts: Places) -> Int64:
    """As in `Facts`, for connections whose rows begin at ``starts``."""
    before = np.maximum(starts - 1, 0)
    near = (rows.flow[before] == rows.flow[starts]) & (rows.from_high[before] == rows.from_high[starts])
    near &= (rows.flags[starts] & rows.flags[before] & SYN != 0) & (
        (rows.flags[starts] | rows.flags[before]) & ACK == 0
    )
    near &= rows.time[starts] - rows.time[before] <= AT_ONCE_AGAIN
    found: Int64 = np.where(near, rows.seq[before] - rows.seq[starts], 0).astype(np.int64)
    return found


def _followed(rows: Rows, starts: Places, reused: Bools) -> Int64:
    """As in `Facts`, for connections whose rows begin at ``starts``."""
    following: Int64 = np.append(np.where(reused[1:], rows.time[starts[1:]], 0), 0)[: len(starts)]
    return following


def _client_high(group: Grouped) -> Bools:
    """Whether the client of each connection is the high end of its flow."""
    found: Bools = group.rows.from_high[group.starts] == group.from_client[group.starts]
    return found


def folded(connections: Connections) -> Connections:
    """The connections with all folded and cut down that can be where nothing more belongs to them."""
    group, _ = _folded(connections.group, np.ones(len(connections), np.bool_))
    return Connections(cut_down(group, np.full(len(connections), CAP)), connections.facts)


def ready(connections: Connections) -> Connections:
    """The connections (`folded`) with bridges over what was folded away: fit to be judged."""
    return Connections(bridged(connections.group), connections.facts)


def assembled(reading: Reading, assembler: Assembler, chunks: Iterable[Chunk] | None = None) -> Iterator[Connections]:
    """The connections of a reading that are over before its end; ``reading.addresses`` are theirs.

    ``chunks`` are those of the reading where something else goes over them first.
    """
    for chunk in reading if chunks is None else chunks:
        for connections in assembler.feed(chunk):
            yield connections
            if assembler.first and len(reading.addresses) > _ADDRESSES + 2 * assembler.held:
                reading.addresses = assembler.renew(reading.addresses)


def _folded(group: Grouped, settled: Bools) -> tuple[Grouped, Bools]:
    """(the connections, those ``settled`` folded; which of them go on in order)."""
    found, rows, orderly = fold(group.of(settled)), group.rows, np.zeros(len(settled), np.bool_)
    orderly[settled] = found.orderly
    raw = ~settled[group.connection]
    stays, trusted, late = raw.copy(), rows.trusted.copy(), rows.late.copy()
    stays[~raw], trusted[~raw], late[~raw] = found.stays, found.trusted, found.late
    return group.marked(trusted=trusted, late=late).take(stays), orderly


def gone(group: Grouped, facts: Facts, now: int | None = None) -> Bools:
    """Connections followed by another one on their four-tuple, or silent for too long."""
    done = np.zeros(len(facts), np.bool_)
    done[:-1] = facts.flow[1:] == facts.flow[:-1]
    silence = (facts.last.max(initial=0) if now is None else now) - facts.last
    ends = group.ends
    for number in np.flatnonzero(~done & (silence > GONE)):
        part = slice(int(group.starts[number]), int(ends[number]))
        done[number] = is_over(group.rows.flags[part], group.rows.from_high[part], int(silence[number]))
    return done
