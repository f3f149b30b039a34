"""The shape of a connection: what decides its verdict, without the numbers.

Each segment becomes one token: who sent it, its flags, and how its numbers lie to those before it (next in order, the
same again, acknowledges all, nothing new ...). Connections with the same tokens differ only in how much is sent at a
time, and where no number is out of the ordinary that decides nothing. A segment whose numbers fit none of these words
makes its connection odd; of odd connections only those with the same numbers (relative to the first) are alike.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from probe.capture.batch import Bools, Int64
from probe.replay.rows import Grouped, Places, Rows, ahead
from probe.replay.syn_options import OptionTable
from probe.spec.segment import ACK, FIN, RST, SYN, URG

UInt64 = NDArray[np.uint64]

_STEERING = FIN | SYN | RST | ACK | URG
_LONGEST = 64
_BACK = 3
"""How many segments back a number is looked for."""
_FIRST, _FIRST_ZERO, _EXPECTED, _NEXT, _AGAIN = 1, 2, 3, 4, 5  # _AGAIN .. _AGAIN + _BACK - 1
_NO_ACK, _SAME, _ALL = 1, 2, 3  # then _ALL + 1 .. for the ends of segments further back


@dataclass(frozen=True, slots=True)
class Shapes:
    """``which``: the shape of each connection; ``sample``: a connection of each shape; ``keys``: names that last.

    A key means the same in every batch of one reading.
    """

    which: Places
    sample: Places
    keys: list[bytes]


class Shaper:
    """Names shapes. One for each reading: the numbers of options are its own."""

    def __init__(self, options: OptionTable) -> None:
        """Hashes are salted: no file can be made so that two shapes share one."""
        self._options = options
        numbers = [secrets.randbits(64) | 1 for _ in range(_LONGEST + 2)]
        self._factors = np.array(numbers, np.uint64)

    def shapes(self, group: Grouped, extra: Int64) -> Shapes:
        """The shapes of the connections; ``extra`` (one a connection, >= 0) tells apart what tokens do not."""
        tokens, odd_rows = self._tokens(group)
        odd = group.sizes > _LONGEST
        odd[group.connection[odd_rows]] = True
        place = np.minimum(np.arange(len(group.rows)) - group.starts[group.connection], _LONGEST - 1)
        total = np.add.reduceat(_mixed(tokens * self._factors[_LONGEST]) * self._factors[place], group.starts)
        keys = _mixed(total + _mixed((extra.astype(np.uint64) + np.uint64(1)) * self._factors[_LONGEST + 1]))
        which = np.zeros(len(odd), np.intp)
        usual, rest = np.flatnonzero(~odd), np.flatnonzero(odd)
        found, firsts, inverse = np.unique(keys[usual], return_index=True, return_inverse=True)
        which[usual] = inverse.ravel()
        listed, sample = [int(key).to_bytes(8, "big") for key in found], usual[firsts].tolist()
        names: dict[bytes, int] = {}
        for number, key in zip(rest.tolist(), self._exact(group, rest, extra), strict=True):
            if key not in names:
                names[key] = len(listed)
                listed.append(key)
                sample.append(number)
            which[number] = names[key]
        return Shapes(which, np.array(sample, np.intp), listed)

    def _tokens(self, group: Grouped) -> tuple[UInt64, Bools]:
        """(a token for each row, rows whose numbers fit no word)."""
        rows = group.rows
        seq, ack = _seq_words(group), _ack_words(group)
        odd = (seq == 0) | (ack == 0) | ~self._fits(group)
        flags = (rows.flags & _STEERING).astype(np.uint64)
        tokens = flags | (group.from_client.astype(np.uint64) << np.uint64(8))
        for bit, marks in ((9, rows.length > 0), (10, rows.window == 0), (11, rows.old)):
            tokens |= marks.astype(np.uint64) << np.uint64(bit)
        tokens |= (seq.astype(np.uint64) << np.uint64(12)) | (ack.astype(np.uint64) << np.uint64(16))
        return tokens | (rows.option.astype(np.uint64) << np.uint64(20)), odd

    def _fits(self, group: Grouped) -> Bools:
        """Rows within the window that the other end last offered, where one was offered."""
        rows, other = group.rows, group.other
        scales = np.array([self._options.scale(n) for n in range(len(self._options.known))], np.int64)
        opening = rows.flags & SYN != 0
        offered = np.where(opening, scales[rows.option], 99)
        ends = [np.where(group.from_client == end, offered, 99) for end in (False, True)]
        scale = np.minimum.reduceat(ends, group.starts, axis=1)
        scaled = ((scale >= 0) & (scale != 99)).all(axis=0)
        shift = np.where(scaled, scale, 0)[np.where(group.from_client, 0, 1), group.connection]
        shift = np.where(opening[other], 0, shift)
        edge = rows.window[other].astype(np.int64) << shift
        taken = (rows.end - rows.ack[other]).astype(np.int32)
        told = (other >= 0) & (rows.flags[other] & ACK != 0)
        fits: Bools = ~told | rows.trusted | (rows.end == rows.seq) | (taken <= edge)
        return fits

    def _exact(self, group: Grouped, connections: Places, extra: Int64) -> list[bytes]:
        """A key for each odd connection: all that is known of it, with numbers relative to each end's first."""
        rows, keys = group.rows, []
        for number in connections:
            part = slice(int(group.starts[number]), int(group.ends[number]))
            some, sent = rows.take(part), group.from_client[part]
            base = [_base(some, sent, side) for side in (False, True)]
            own = np.where(sent, base[1], base[0]).astype(np.uint32)
            far = np.where(sent, base[0], base[1]).astype(np.uint32)
            zero = (some.seq == 0) & (some.flags & (RST | ACK) == RST | ACK)
            columns = (
                sent, some.flags & _STEERING, some.seq - own, zero, np.where(some.flags & ACK, some.ack - far, 0),
                some.length, some.window, some.option, extra[number : number + 1],
            )  # fmt: skip
            keys.append(b"".join(np.ascontiguousarray(column).tobytes() for column in columns))
        return keys


def _base(rows: Rows, sent: Bools, side: bool) -> int:
    """The first number known of one end: of its first segment, or else what the other end acknowledges first."""
    own = np.flatnonzero((sent == side) & ~((rows.seq == 0) & (rows.flags & RST != 0)))
    if own.size:
        return int(rows.seq[own[0]])
    told = np.flatnonzero((sent != side) & (rows.flags & ACK != 0))
    return int(rows.ack[told[0]]) if told.size else 0


def _mixed(numbers: UInt64) -> UInt64:
    """Every bit of a number spread over all of it (the finisher of MurmurHash3)."""
    numbers = (numbers ^ (numbers >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    numbers = (numbers ^ (numbers >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return numbers ^ (numbers >> np.uint64(33))


def _seq_words(group: Grouped) -> NDArray[np.uint8]:
    """How SEG.SEQ lies: 0 for in no ordinary way."""
    rows, mine, other = group.rows, group.mine, group.other
    words = np.zeros(len(rows), np.uint8)
    first = mine < 0
    back = mine
    for step in range(_BACK):  # a later match must not win over a nearer one
        here = (back >= 0) & (words == 0) & (rows.seq == rows.seq[back]) & (rows.end == rows.end[back])
        words[here] = _AGAIN + step
        back = np.where(back >= 0, mine[back], -1)
    # Behind a row where an end went back in its numbers "next" could mean anything.
    fallen = np.full(len(group.starts), len(rows))
    back_again = np.flatnonzero(~first & ~ahead(rows.end, rows.end[mine]))
    np.minimum.at(fallen, group.connection[back_again], back_again)
    top = np.arange(len(rows)) <= fallen[group.connection]
    words[~first & (rows.seq == rows.end[mine]) & top] = _NEXT
    acks = np.cumsum(rows.flags & ACK != 0)
    before = acks - (acks - (rows.flags & ACK != 0))[group.starts][group.connection] > (rows.flags & ACK != 0)
    told = first & (other >= 0)
    told &= (rows.flags[other] & ACK != 0) & (rows.ack[other] == rows.seq)
    words[first] = np.where(rows.seq[first] == 0, _FIRST_ZERO, _FIRST)
    words[first & before] = 0
    words[told] = _EXPECTED
    return words


def _ack_words(group: Grouped) -> NDArray[np.uint8]:
    """How SEG.ACK lies: 0 for in no ordinary way."""
    rows, mine, other = group.rows, group.mine, group.other
    words = np.zeros(len(rows), np.uint8)
    back = other
    for step in range(_BACK):
        here = (back >= 0) & (words == 0) & (rows.ack == rows.end[back])
        words[here] = _ALL + step
        back = np.where(back >= 0, mine[back], -1)
    words[(words == 0) & (mine >= 0) & (rows.flags[mine] & ACK != 0) & (rows.ack == rows.ack[mine])] = _SAME
    words[(other < 0) & (mine < 0)] = _SAME
    words[rows.flags & ACK == 0] = _NO_ACK
    return words
