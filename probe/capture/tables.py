"""Numbers for addresses and pairs of addresses, given out for whole arrays at a time."""

from __future__ import annotations

import secrets
from socket import AF_INET, AF_INET6, inet_ntop

import numpy as np
from numpy.typing import NDArray

from probe.capture.batch import Bools, Int64
from probe.spec.segment import Endpoint

Unsigned = NDArray[np.uint64]
Halves = tuple[Unsigned, Unsigned]

_HALF = np.uint64(32)
_PORT = np.uint64(16)
_LOW = np.uint64(0xFFFFFFFF)


class KeyTable:
    """Dense numbers (0, 1, 2 ...) for 64-bit keys: an open-addressing hash table whose every step is on arrays."""

    def __init__(self, room: int = 1024) -> None:
        """``room`` is a power of two. The hash is salted, so that no file can be made to collide."""
        self._salt = np.uint64(secrets.randbits(64))
        self._keys = np.zeros(room, np.uint64)
        self._ids = np.full(room, -1, np.int64)
        self._by_id = np.zeros(room, np.uint64)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def key(self, number: int) -> int:
        """The key that got the number."""
        return int(self._by_id[number])

    def keys(self, numbers: Int64 | Unsigned) -> Unsigned:
        """The keys that got the numbers."""
        return self._by_id[numbers]

    def numbers(self, keys: Unsigned) -> Int64:
        """The number of each key; keys not seen before get the next ones, in the order of their values."""
        slots = self._slots(keys)
        found = self._ids[slots]
        rest = np.flatnonzero((self._keys[slots] != keys) | (found < 0))
        if rest.size:
            found[rest] = self._probe(keys[rest], slots[rest])
            new = rest[found[rest] < 0]
            if new.size:
                self._insert(np.unique(keys[new]))
                found[new] = self._probe(keys[new], self._slots(keys[new]))
        return found

    def _slots(self, keys: Unsigned) -> Int64:
        mixed = (keys ^ self._salt) * np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> _HALF)) * np.uint64(0xD6E8FEB86659FD93)
        return ((mixed >> _HALF) & np.uint64(len(self._keys) - 1)).astype(np.int64)

    def _probe(self, keys: Unsigned, slots: Int64) -> Int64:
        """The number of each key from its slot on, or -1 where a free slot comes first."""
        found = np.full(len(keys), -1, np.int64)
        rest = np.arange(len(keys))
        while rest.size:
            here = self._ids[slots]
            same = self._keys[slots] == keys[rest]
            done = same | (here < 0)
            found[rest[same]] = here[same]
            rest, slots = rest[~done], (slots[~done] + 1) & (len(self._keys) - 1)
        return found

    def _insert(self, keys: Unsigned) -> None:
        """Give distinct new keys their numbers."""
        count = self._count + len(keys)
        if count > len(self._by_id):
            self._by_id = np.concatenate((self._by_id, np.zeros(max(count, len(self._by_id)), np.uint64)))
        self._by_id[self._count : count] = keys
        first, self._count = self._count, count
        if count * 2 > len(self._keys):
            room = 1 << (count * 4 - 1).bit_length()
            self._keys, self._ids, first = np.zeros(room, np.uint64), np.full(room, -1, np.int64), 0
        keys, numbers = self._by_id[first:count], np.arange(first, count)
        slots = self._slots(keys)
        while len(keys):  # of keys that reach for one slot the last wins, the others go on
            free = self._ids[slots] < 0
            self._keys[slots[free]] = keys[free]
            self._ids[slots[free]] = numbers[free]
            homeless = self._ids[slots] != numbers
            keys, numbers = keys[homeless], numbers[homeless]
            slots = (slots[homeless] + 1) & (len(self._keys) - 1)


class Addresses:
    """Flow keys: one 64-bit number for a pair of endpoints, the same for both directions.

    The end with the smaller (address, port) is called low. Keys of two tables (two processes) are not comparable;
    ``ends`` is. Grows by 60 octets (IPv6: 270) with each pair of addresses not seen before: to forget some, ``moved``
    takes those in use into a new one.
    """

    def __init__(self) -> None:
        self._halves, self._sixes = KeyTable(), KeyTable()
        self._pairs = (KeyTable(), KeyTable())

    def __len__(self) -> int:
        return sum(map(len, self._pairs))

    def flows4(self, source: Unsigned, target: Unsigned, sport: Unsigned, dport: Unsigned) -> tuple[Int64, Bools]:
        """(flow key, whether the packet runs from the high end to the low one) for IPv4 addresses."""
        from_high = (source > target) | ((source == target) & (sport > dport))
        low, high = np.where(from_high, target, source), np.where(from_high, source, target)
        return self._flows(0, (low << _HALF) | high, from_high, sport, dport), from_high

    def flows6(self, source: Halves, target: Halves, sport: Unsigned, dport: Unsigned) -> tuple[Int64, Bools]:
        """The same for IPv6 addresses, each given as its upper and lower 64 bits."""
        from_high = (source[1] > target[1]) | ((source[1] == target[1]) & (sport > dport))
        from_high = (source[0] > target[0]) | ((source[0] == target[0]) & from_high)
        one, two = self._six(*source), self._six(*target)
        low, high = np.where(from_high, two, one), np.where(from_high, one, two)
        return self._flows(1, (low << _HALF) | high, from_high, sport, dport), from_high

    def _six(self, upper: Unsigned, lower: Unsigned) -> Unsigned:
        up, down = self._halves.numbers(upper).astype(np.uint64), self._halves.numbers(lower).astype(np.uint64)
        return self._sixes.numbers((up << _HALF) | down).astype(np.uint64)

    def _flows(self, family: int, pairs: Unsigned, from_high: Bools, sport: Unsigned, dport: Unsigned) -> Int64:
        number = self._pairs[family].numbers(pairs).astype(np.uint64) << np.uint64(1) | np.uint64(family)
        low, high = np.where(from_high, dport, sport), np.where(from_high, sport, dport)
        return (number << _HALF | low << _PORT | high).astype(np.int64)

    def moved(self, flows: Int64, new: Addresses) -> Int64:
        """The keys that the flows have in another table, which takes in their addresses."""
        kept = flows.copy()
        for family in (0, 1):
            some = (flows >> 32 & 1) == family
            pairs = self._pairs[family].keys(flows[some] >> 33)
            if family == 1:
                both = [self._sixes.keys(ids) for ids in (pairs >> _HALF, pairs & _LOW)]
                low, high = (new._six(self._halves.keys(k >> _HALF), self._halves.keys(k & _LOW)) for k in both)
                pairs = (low << _HALF) | high
            number = new._pairs[family].numbers(pairs).astype(np.int64)
            kept[some] = (number << 33) | (family << 32) | (flows[some] & 0xFFFFFFFF)
        return kept

    def ends(self, flow: int) -> tuple[Endpoint, Endpoint]:
        """The low and the high end of a flow key."""
        number, family = flow >> 33, flow >> 32 & 1
        pair = self._pairs[family].key(number)
        low, high = self._text(family, pair >> 32), self._text(family, pair & int(_LOW))
        return Endpoint(low, flow >> 16 & 0xFFFF), Endpoint(high, flow & 0xFFFF)

    def hosts(self, flows: Int64, high: Bools) -> Int64:
        """A number > 0 for the address of the high or the low end of each flow; comparable in this table only."""
        found = np.empty(len(flows), np.int64)
        for family in (0, 1):
            some = (flows >> 32 & 1) == family
            pairs = self._pairs[family].keys(flows[some] >> 33)
            number = np.where(high[some], pairs & _LOW, pairs >> _HALF).astype(np.int64)
            found[some] = (number << 1 | family) + 1
        return found

    def host(self, number: int) -> str:
        """The address that got the number of ``hosts``."""
        return self._text((number - 1) & 1, (number - 1) >> 1)

    def _text(self, family: int, number: int) -> str:
        if family == 0:
            return inet_ntop(AF_INET, number.to_bytes(4, "big"))
        halves = self._sixes.key(number)
        upper, lower = self._halves.key(halves >> 32), self._halves.key(halves & int(_LOW))
        return inet_ntop(AF_INET6, (upper << 64 | lower).to_bytes(16, "big"))
