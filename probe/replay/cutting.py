"""Cuts the middle out of connections that are long and not in order, and tells what that costs.

Of the middle a row is *usual* where both ends go on as they were: text that was sent before or is next in order,
acknowledgments of what was sent, closed windows. Nothing is lost with those, whatever their number: they are text sent
again, acknowledgments said again, text in another order, a window that closes and opens. A row that goes beyond what
its end had sent, or acknowledges what the record does not hold yet, is looked at once more when `_TAIL` rows stand
behind it: either what is missing came, or both ends go on behind it (then the record lacks it), or neither. What is
unusual stays, up to `_UNUSUAL` rows, each with the rows of both ends before it.

What is left of a connection does not hang on how many rows were worked on at a time: a row is looked at when it comes,
a jump when the same rows stand behind it, and what later rows are compared with always stays.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from probe.capture.batch import Bools, Int64
from probe.replay.rows import Grouped, Places, Rows
from probe.spec.segment import ACK, FIN, RST, SYN, URG

CAP = 192
"""Unusual segments kept of one connection before it is cut down."""
UNACKNOWLEDGED = 1 << 14
"""The same where all was in order so far, and acknowledgments to come may fold them."""
_HEAD, _AROUND, _TAIL = 64, 29, 64
_UNUSUAL = 16
_FAR = 1 << 30
"""The largest window (RFC 7323 section 2.3): what lies farther back is no number of now."""


class Cut(IntEnum):
    """What was cut away before a row, the worst of it."""

    NOTHING = 0
    USUAL = 1
    MISSING = 2
    """Beside it, jumps over octets that are not in the record, and that both ends knew of."""
    UNUSUAL = 3


class _Kind(IntEnum):
    NEW = 0
    USUAL = 1
    MISSING = 2
    UNUSUAL = 3
    JUMP = 4
    """Goes beyond what the record held until then; what stands behind it will tell."""


def cut_down(group: Grouped, room: Int64) -> Grouped:
    """The connections without the middle of those that are not in order and longer than ``room``, or were so before.

    Of these stay the first rows, the last, those around the first FIN or RST and the first SYN behind the opening, and
    what is unusual.
    """
    rows = group.rows
    long = group.sizes > room
    long[group.connection[rows.cut > Cut.NOTHING]] = True
    if not long.any():
        return group
    stays, cut, kind = np.ones(len(rows), np.bool_), rows.cut.copy(), rows.kind.copy()
    for number in np.flatnonzero(long):
        part = slice(int(group.starts[number]), int(group.ends[number]))
        some = _Long(rows.take(part))
        stays[part], kind[part] = some.stays, some.kind
        lost = np.where(some.stays, cut[part], np.maximum(cut[part], np.minimum(some.kind, Cut.UNUSUAL)))
        kept = np.flatnonzero(some.stays)
        cut[part][kept] = np.maximum.reduceat(lost, np.append(0, kept[:-1] + 1))
    return group.marked(cut=cut, kind=kind).take(stays)


def worst_cut(group: Grouped) -> NDArray[np.uint8]:
    """Of each connection the worst that was cut away."""
    return np.maximum.reduceat(group.rows.cut, group.starts) if len(group.rows) else np.zeros(0, np.uint8)


class _Long:
    """One long connection: the ``kind`` of each of its rows, and which ``stays``."""

    def __init__(self, rows: Rows) -> None:
        self.rows, self.kind = rows, rows.kind.copy()
        self._text = rows.flags & (SYN | RST | ACK) == ACK
        spaces = [self._space(side) for side in (False, True)]
        high = rows.from_high
        length = (rows.end - rows.seq).astype(np.int64)
        # Of each row its number, and how far its end had come before: sent, or acknowledged by the other end.
        self._at, self._told = (np.where(high == own, spaces[1], spaces[0]) for own in (True, False))
        self._end = self._at + length
        self._sent = [_before(np.where(self._text & (high == side), self._end, -_FAR)) for side in (False, True)]
        self._acked = [_before(np.where(self._text & (high == side), self._told, -_FAR)) for side in (False, True)]
        self._look()
        self.stays = self._base()
        self._settle_jumps()
        self._keep_unusual()
        self._keep_farthest()

    def _space(self, side: bool) -> Int64:
        """The numbers of one end's octets, sent by it or acknowledged by the other, so that nothing wraps."""
        rows, places = self.rows, np.flatnonzero(self._text)
        found = np.zeros(len(rows), np.int64)
        if places.size:
            numbers = np.where(rows.from_high[places] == side, rows.seq[places], rows.ack[places])
            steps = np.diff(numbers).astype(np.int32).astype(np.int64)
            behind = rows.trusted[places[1:]] | (rows.cut[places[1:]] > Cut.NOTHING)
            steps[behind & (steps < -_FAR)] += 1 << 32  # much was folded away there: it went on
            found[places[1:]] = np.cumsum(steps)
        return found

    def _own(self, sides: list[Int64]) -> Int64:
        return np.where(self.rows.from_high, sides[1], sides[0])

    def _other(self, sides: list[Int64]) -> Int64:
        return np.where(self.rows.from_high, sides[0], sides[1])

    def _look(self) -> None:
        """Say of the rows that were not looked at what kind they are."""
        rows = self.rows
        reach, heard = np.maximum(self._own(self._sent), self._other(self._acked)), self._own(self._acked)
        known = np.maximum(self._other(self._sent), heard)
        odd = ~self._text | (rows.flags & (FIN | URG) != 0) | (rows.option != 0)
        odd &= ~self._said_before(odd)
        odd |= self._text & ((reach - self._at > _FAR) | (heard - self._told > _FAR))
        odd |= self._text & (self._told < heard) & (self._end > reach)  # new text takes nothing back
        jump = self._text & ((self._at > reach) | (self._told > known))
        kinds = np.where(odd, _Kind.UNUSUAL, np.where(jump, _Kind.JUMP, _Kind.USUAL))
        first = np.zeros(len(rows), np.bool_)
        first[np.flatnonzero(self._text)[:1]] = True
        kinds[first] = _Kind.USUAL
        new = self.kind == _Kind.NEW
        self.kind[new] = np.where(rows.trusted & ~odd, _Kind.USUAL, kinds)[new]

    def _said_before(self, chosen: Bools) -> Bools:
        """Which of the rows chosen say what one of the first rows said: a SYN, a FIN, a RST that is sent again."""
        rows, found = self.rows, np.zeros(len(self.kind), np.bool_)
        columns = (rows.from_high, rows.flags, rows.seq, rows.ack, rows.length, rows.option)
        head = set(zip(*(column[:_HEAD].tolist() for column in columns), strict=True))
        places = np.flatnonzero(chosen)
        said = zip(*(column[places].tolist() for column in columns), strict=True)
        found[places] = [place >= _HEAD and one in head for place, one in zip(places.tolist(), said, strict=True)]
        return found

    def _base(self) -> Bools:
        """Which rows stay by where they stand."""
        flags, from_high = self.rows.flags, self.rows.from_high
        stays = np.zeros(len(flags), np.bool_)
        stays[:_HEAD] = stays[-_TAIL:] = True
        opened = np.cumsum(flags & SYN == 0) > 0
        closing, again = flags & (FIN | RST) != 0, opened & (flags & SYN != 0)
        for at in (*np.flatnonzero(closing)[:1].tolist(), *np.flatnonzero(again)[:1].tolist()):
            stays[max(at - _AROUND, 0) : at + _AROUND] = True
        # What tells who is the client, and whether the connection is over.
        opening, fin = flags & (SYN | ACK), flags & FIN != 0
        for told in (opening == SYN, opening == SYN | ACK, flags & RST != 0, fin & from_high, fin & ~from_high):
            stays[np.flatnonzero(told)[:1]] = True
        return stays

    def _settle_jumps(self) -> None:
        """Say of jumps behind which `_TAIL` rows stand what they were."""
        text, high = self._text, self.rows.from_high
        reach = np.maximum(self._own(self._sent), self._other(self._acked))
        for at in np.flatnonzero(self.kind[: max(len(self.kind) - _TAIL, 0)] == _Kind.JUMP).tolist():
            behind = slice(at + 1, at + 1 + _TAIL)
            own = text[behind] & (high[behind] == high[at])
            other = text[behind] & (high[behind] != high[at])
            begin, end, told = self._at[behind], self._end[behind], self._told[behind]
            kinds = []
            if self._at[at] > reach[at]:  # own numbers left out
                filled = (own & (begin <= reach[at]) & (end > reach[at])).any()
                known = (other & (told >= self._at[at])).any()
                kinds.append(_Kind.USUAL if filled else _Kind.MISSING if known else _Kind.UNUSUAL)
            sent = self._sent[1 - int(high[at])][at]
            if self._told[at] > sent:  # it acknowledges what did not come yet
                filled = (other & (begin <= sent) & (end > sent)).any()
                known = (other & (begin >= self._told[at])).any()
                kinds.append(_Kind.USUAL if filled else _Kind.MISSING if known else _Kind.UNUSUAL)
            self.kind[at] = max(kinds, default=_Kind.USUAL)

    def _keep_unusual(self) -> None:
        """Let the first unusual rows stay that would not, and before each the last row of either end."""
        old = np.arange(len(self.kind)) < len(self.kind) - _TAIL
        open_ = (self.kind == _Kind.UNUSUAL) | (self.kind == _Kind.JUMP)
        chosen = [*np.flatnonzero(open_ & old & ~self.stays)[:_UNUSUAL], *np.flatnonzero(open_ & ~old)]
        for at in chosen:
            self.stays[at] = True
            for side in (False, True):
                self.stays[np.flatnonzero(self.rows.from_high[:at] == side)[-1:]] = True

    def _keep_farthest(self) -> None:
        """Let stay what later rows are compared with: of each end the last row, and the first that came as far as any.

        Those of the rows before the last ones, which stay anyhow and may not the next time.
        """
        text, from_high = self._text[:-_TAIL], self.rows.from_high[:-_TAIL]
        for side in (False, True):
            own = np.flatnonzero(text & (from_high == side))
            if own.size:
                self.stays[[own[-1], own[np.argmax(self._end[own])], own[np.argmax(self._told[own])]]] = True


def _before(numbers: Int64) -> Int64:
    """The largest number before each place; what is far below all where there is none."""
    found = np.full(len(numbers), -_FAR, np.int64)
    np.maximum.accumulate(numbers[:-1], out=found[1:])
    return found


def behind_cuts(group: Grouped) -> Bools:
    """The first usual text or ACK of each end behind each cut: what it says of numbers before it was so."""
    rows = group.rows
    found = rows.trusted.copy()
    usual = (rows.flags & (SYN | RST | ACK) == ACK) & (rows.kind <= _Kind.MISSING)
    for at in np.flatnonzero(rows.cut):
        after: Places = np.arange(at, group.ends[group.connection[at]])
        after = after[usual[after]]
        for sent in (True, False):
            found[after[group.from_client[after] == sent][:1]] = True
    return found
