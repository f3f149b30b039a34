"""When connections opened, closed, were reset, refused or left unanswered: counts by time, in rows of a round length.

The length of a row is the least of `STEPS` with which all the times lie in `MOST` rows. Each divides the next one, so
counts of fine rows add up to those of coarse ones: what comes of a file does not hang on how it was divided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from probe.capture.batch import Bools, Int64
from probe.results.connection import Close, Handshake
from probe.results.timeline import KINDS, Happening, Timeline, TimelineRow

MOST = 48
_MS, _SECOND, _DAY = 1_000_000, 1_000_000_000, 86_400_000_000_000
STEPS = (
    *(_MS * n for n in (1, 5, 10, 50, 100, 500)),
    *(_SECOND * n for n in (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10_800, 21_600, 43_200)),
    *(_DAY * n for n in (1, 7, 28, 364, 3640, 36_400)),
)
"""Nanoseconds; with the longest any two times of 64 bits lie in few rows."""
_CLOSED = {Close.FOUR_WAY, Close.THREE_SEGMENT, Close.SIMULTANEOUS}
_RESET = {Close.RESET_BY_CLIENT, Close.RESET_BY_SERVER}


def happened(handshake: Handshake, close: Close) -> frozenset[Happening]:
    """What of a connection is counted: its open at its first packet, its end at its last one."""
    found = {
        Happening.OPENED: handshake is Handshake.FOLLOWED,
        Happening.CLOSED: close in _CLOSED,
        Happening.RESET: close in _RESET,
        Happening.REFUSED: handshake is Handshake.REFUSED,
        Happening.UNANSWERED: handshake is Handshake.UNANSWERED,
    }
    return frozenset(kind for kind, is_so in found.items() if is_so)


@dataclass(slots=True)
class Counting:
    """Counts on their way. ``rows``: those of each kind by the number of the row, counted from 1970."""

    step: int = STEPS[0]
    rows: dict[int, list[int]] = field(default_factory=dict)

    def add(self, said: Sequence[frozenset[Happening]], which: Int64, start: Int64, last: Int64) -> None:
        """Take in connections: for each the place among ``said`` of what is counted of it; nanoseconds since 1970."""
        if not len(which):
            return
        self._cover(int(start.min()), int(last.max()))
        self._cover(int(last.min()), int(start.max()))  # where clocks run backwards
        for column, kind in enumerate(KINDS):
            wanted = np.array([kind in one for one in said], np.bool_)
            if wanted.any():
                chosen: Bools = wanted[which]
                times = (start if kind.at_start else last)[chosen]
                for row, count in zip(*np.unique(times // self.step, return_counts=True), strict=True):
                    self._row(int(row))[column] += int(count)

    def merge(self, other: Counting) -> None:
        """Take in other counts."""
        if other.rows:
            self._cover(min(other.rows) * other.step, (max(other.rows) + 1) * other.step - 1)
        for row, counts in other.rows.items():
            own = self._row(row * other.step // self.step)
            own[:] = [one + two for one, two in zip(own, counts, strict=True)]

    def told(self) -> Timeline:
        """The rows from the first to the last, those without anything too."""
        span = range(min(self.rows), max(self.rows) + 1) if self.rows else ()
        none = [0] * len(KINDS)
        rows = (TimelineRow(row * self.step / _SECOND, *self.rows.get(row, none)) for row in span)
        return Timeline(self.step / _SECOND, tuple(rows))

    def _row(self, number: int) -> list[int]:
        return self.rows.setdefault(number, [0] * len(KINDS))

    def _cover(self, first: int, last: int) -> None:
        """Make the rows long enough for these times, too."""
        low = min((first, *(row * self.step for row in self.rows)))
        high = max((last, *(row * self.step for row in self.rows)))
        step = next(step for step in STEPS if step >= self.step and high // step - low // step < MOST)
        if step > self.step:
            before, self.rows = self.rows, {}
            for row, counts in before.items():
                own = self._row(row * self.step // step)
                own[:] = [one + two for one, two in zip(own, counts, strict=True)]
            self.step = step
        self._row(first // step), self._row(last // step)
