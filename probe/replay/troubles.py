"""Connections that ended badly, grouped by server and cause: what a person reads first of a capture.

Groups add up, so that parts of a file, workers and files can be counted apart and put together: whatever the order,
the same comes out. A scan has a million servers, so groups are bounded: beyond some ports of an address its ports are
one group, beyond some addresses all of them are. Both numbers only grow, so that holds however a file is divided.

Whether a connection was left for good is known when the file is over: until then those in doubt wait, by the second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from probe.capture.batch import Bools, Int64
from probe.capture.tables import Addresses
from probe.replay.assembling import Facts
from probe.replay.expected import Finished
from probe.replay.flow.ending import Ending
from probe.replay.splitting import SECOND
from probe.results.ending import Caused, Kind, Trouble
from probe.spec.segment import Endpoint

PORTS, HOSTS = 16, 4096
"""Ports of an address, and addresses, that are told apart in one group."""
_MANY = 1 << 16
"""Stands for many ports; for many hosts stands the empty address."""


@dataclass(frozen=True, slots=True)
class _Count:
    """Connections counted, with the start of the earliest and the end of the last (nanoseconds).

    ``packet`` is the first one of the example, the connection ``index`` of ``file``. ``answered``: with a SYN,ACK.
    """

    count: int
    answered: int
    first: int
    last: int
    file: str
    packet: int
    index: int

    def plus(self, other: _Count) -> _Count:
        """Both; the example is the first of one file, and that of the file told first."""
        better = other if other.file == self.file and other.packet < self.packet else self
        return replace(
            better,
            count=self.count + other.count,
            answered=self.answered + other.answered,
            first=min(self.first, other.first),
            last=max(self.last, other.last),
        )


@dataclass(slots=True)
class _Spread:
    """Counts by address and port of the server, as far as these are told apart."""

    hosts: dict[str, dict[int, _Count]] = field(default_factory=dict)

    def add(self, host: str, port: int, count: _Count) -> None:
        """Take in connections to one server."""
        host = "" if "" in self.hosts else host
        ports = self.hosts.setdefault(host, {})
        port = _MANY if _MANY in ports or not host else port
        before = ports.get(port)
        ports[port] = count if before is None else before.plus(count)
        if len(ports) > PORTS or (port == _MANY and len(ports) > 1):
            self.hosts[host] = {_MANY: _sum(ports.values())}
        if len(self.hosts) > HOSTS or (not host and len(self.hosts) > 1):
            self.hosts = {"": {_MANY: _sum(count for ports in self.hosts.values() for count in ports.values())}}

    def merge(self, other: _Spread) -> None:
        """Take in another one."""
        for host, ports in other.hosts.items():
            for port, count in ports.items():
                self.add(host, port, count)

    def move(self, by: int, index: Callable[[Int64], Int64]) -> None:
        """As in `Troubles`."""
        places = [(ports, port) for ports in self.hosts.values() for port in ports]
        packets = np.array([ports[port].packet for ports, port in places], np.int64) + by
        for (ports, port), packet, number in zip(places, packets.tolist(), index(packets).tolist(), strict=True):
            ports[port] = replace(ports[port], packet=packet, index=number)

    def of(self, host: str, port: int) -> tuple[int, int]:
        """How many connections to a server were counted, and how many answered; 0 where they are not told apart."""
        ports = self.hosts.get(host, {})
        counts = list(ports.values()) if port == _MANY else [ports[port]] if port in ports else []
        return sum(one.count for one in counts), sum(one.answered for one in counts)


def _sum(counts: Iterable[_Count]) -> _Count:
    first, *rest = counts
    for one in rest:
        first = first.plus(one)
    return first


@dataclass(frozen=True, slots=True)
class _Doubt:
    """Connections whose last segment came in this ``second``: trouble as in ``late`` where the file goes on."""

    late: Kind
    sooner: Kind
    patience: float
    second: int


@dataclass(slots=True)
class Troubles:
    """The groups. ``latest`` is the latest time known of the file (nanoseconds)."""

    groups: dict[Kind, _Spread] = field(default_factory=dict)
    every: _Spread = field(default_factory=_Spread)
    waiting: dict[_Doubt, _Spread] = field(default_factory=dict)

    def add(self, endings: Sequence[Ending], which: Int64, answered: Bools, finished: Finished, file: str) -> None:
        """Take in connections that are over: for each its place in ``endings``, and whether a SYN,ACK answered it."""
        facts, latest = finished.facts, finished.latest
        servers = _Servers(facts, answered, finished.addresses, file)
        for host, port, count in servers.counts(np.arange(len(which)), self.every):
            self.every.add(host, port, count)
        bad = np.array([one.troubled for one in endings], np.bool_)
        rest = np.flatnonzero(bad[which]) if bad.any() else np.zeros(0, np.intp)
        places: dict[Kind | _Doubt, list[Int64]] = {}
        for place in np.unique(which[rest]).tolist():
            mine = rest[which[rest] == place]
            for key, some in _divided(endings[place], mine, facts, latest):
                places.setdefault(key, []).append(some)
        for key, parts in places.items():
            spread = self._spread(key)
            for host, port, count in servers.counts(np.concatenate(parts), spread):
                spread.add(host, port, count)

    def _spread(self, key: Kind | _Doubt) -> _Spread:
        if isinstance(key, _Doubt):
            return self.waiting.setdefault(key, _Spread())
        return self.groups.setdefault(key, _Spread())

    def merge(self, other: Troubles) -> None:
        """Take in others, which come later in the file, or in a later file."""
        self.every.merge(other.every)
        for kind, spread in other.groups.items():
            self._spread(kind).merge(spread)
        for doubt, spread in other.waiting.items():
            self._spread(doubt).merge(spread)

    def moved(self, by: int, index: Callable[[Int64], Int64]) -> None:
        """Packets of the examples are ``by`` further in the file; ``index`` tells connections' by their packets."""
        for spread in (*self.groups.values(), *self.waiting.values()):
            spread.move(by, index)

    def settle(self, latest: int, *, over: bool) -> None:
        """Nothing is in doubt any more that the file's latest time decides; nothing at all when it is ``over``."""
        for doubt in list(self.waiting):
            late = latest // SECOND - doubt.second >= doubt.patience
            if late or over:
                spread, kind = self.waiting.pop(doubt), doubt.late if late else doubt.sooner
                if _is_trouble(kind):
                    self._spread(kind).merge(spread)

    def told(self) -> tuple[Trouble, ...]:
        """All of them, the most frequent first."""
        found = [
            Trouble(
                Endpoint(host, 0 if port == _MANY else port),
                kind,
                count.count,
                *self.every.of(host, port),
                count.first / SECOND,
                count.last / SECOND,
                count.file,
                count.index,
            )
            for kind, spread in self.groups.items()
            for host, ports in spread.hosts.items()
            for port, count in ports.items()
        ]
        return tuple(sorted(found, key=lambda one: (-one.count, one.first, str(one.server), one.kind)))


def _kind(causes: Sequence[Caused]) -> Kind:
    return tuple((one.cause, one.by) for one in causes)


def _is_trouble(kind: Kind) -> bool:
    return any(Caused(*one).trouble for one in kind)


def _divided(ending: Ending, places: Int64, facts: Facts, latest: int) -> Iterator[tuple[Kind | _Doubt, Int64]]:
    """Connections of one ending, by what is to be said of them."""
    late, sooner = _kind(ending.causes), _kind(ending.sooner)
    if not ending.patience:
        if _is_trouble(late):
            yield late, places
        return
    seconds = facts.last[places] // SECOND
    following = facts.followed[places]
    followed = following > 0
    passed = np.where(followed, following, latest) // SECOND - seconds >= ending.patience
    reused = _kind(ending.remaining(0, followed=True))
    for kind, chosen in ((late, passed), (reused, followed & ~passed)):
        if _is_trouble(kind) and chosen.any():
            yield kind, places[chosen]
    rest = ~(followed | passed)
    if ending.patience < float("inf"):
        for second in np.unique(seconds[rest]).tolist():
            yield _Doubt(late, sooner, ending.patience, second), places[rest & (seconds == second)]


class _Servers:
    """The servers of some connections, as arrays."""

    def __init__(self, facts: Facts, answered: Bools, addresses: Addresses, file: str) -> None:
        self._facts, self._answered, self._addresses, self._file = facts, answered, addresses, file
        high = ~facts.client_high
        self._hosts = addresses.hosts(facts.flow, high)
        self._keys = (self._hosts << 17) | np.where(high, facts.flow & 0xFFFF, facts.flow >> 16 & 0xFFFF)

    def counts(self, places: Int64, into: _Spread) -> Iterator[tuple[str, int, _Count]]:
        """The connections at these places counted by server, as far as ``into`` tells them apart."""
        if not len(places):
            return
        facts, keys = self._facts, self._apart(self._keys[places]) if "" not in into.hosts else None
        keys = np.zeros(len(places), np.int64) if keys is None else keys
        order = np.lexsort((facts.first[places], keys))
        places, keys = places[order], keys[order]
        starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
        sizes = np.diff(np.append(starts, len(keys)))
        examples = places[starts]
        answered = np.add.reduceat(self._answered[places].astype(np.int64), starts)
        first, last = np.minimum.reduceat(facts.start[places], starts), np.maximum.reduceat(facts.last[places], starts)
        columns = (
            keys[starts], self._hosts[examples], sizes, answered, first, last,
            facts.first[examples], facts.index[examples],
        )  # fmt: skip
        for key, host, count, known, begun, over, packet, index in zip(*(c.tolist() for c in columns), strict=True):
            told = _Count(count, known, begun, over, self._file, packet, index)
            yield (self._addresses.host(host) if key else ""), (key & 0x1FFFF) if key else _MANY, told

    def _apart(self, keys: Int64) -> Int64 | None:
        """The keys with one for all ports of hosts that have too many; None: too many hosts."""
        servers, inverse = np.unique(keys, return_inverse=True)
        hosts, which, ports = np.unique(servers >> 17, return_inverse=True, return_counts=True)
        if len(hosts) > HOSTS:
            return None
        many = ports[which] > PORTS
        found: Int64 = np.where(many, (servers >> 17 << 17) | _MANY, servers)[inverse]
        return found
