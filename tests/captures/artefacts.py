"""What recorders, mirror ports and exports do to a record: each as a rewriting of one that is whole.

The ends did what they did before and after: what is said against one of them must not grow (`test_artefacts`).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path

from probe.capture.reader import Reading
from probe.spec.segment import FIN, RST, SYN, Endpoint
from tests.capture.build import Frame, ethernet, pcap
from tests.captures.rewritten import Rewrite, Row, doubled

MS = 1_000_000
SNAP = 66
"""An Ethernet, an IPv4 and a TCP header with timestamps: what many a script has tcpdump keep."""


@dataclass(frozen=True, slots=True)
class Rewriting:
    """One thing that happens to a record. ``snap``: octets kept of each frame."""

    name: str
    rewrite: Rewrite
    snap: int | None = None

    def octets(self, rows: Sequence[Row]) -> bytes:
        """The record as a pcap of Ethernet frames, rewritten."""
        return pcap([self._frame(row) for row in self.rewrite(list(rows))], nano=True)

    def _frame(self, row: Row) -> Frame:
        """The packet, of IPv4, in a frame; what the recorder did not keep of it is not there now."""
        missing = max(0, int.from_bytes(row.packet[2:4], "big") - len(row.packet))
        frame = ethernet(row.packet + bytes(missing))
        kept = len(frame) - missing
        return Frame(frame, row.time, kept if self.snap is None else min(kept, self.snap))


def rows_of(path: Path) -> list[Row]:
    """The TCP segments of a capture."""
    found = []
    for chunk in Reading(str(path)):
        for row in range(len(chunk)):
            decoded = chunk.exact(row)
            found.append(Row(int(chunk.time[row]), chunk.packet(row), decoded.flow, decoded.segment))
    return found


def only(chosen: Callable[[Row], bool]) -> Rewrite:
    """What a filter lets through."""
    return lambda rows: [row for row in rows if chosen(row)]


def from_end(opener: bool) -> Rewrite:
    """What one end sent: the one that spoke first on its four-tuple, or the other."""

    def rewrite(rows: list[Row]) -> list[Row]:
        first: dict[frozenset[Endpoint], Endpoint] = {}
        for row in rows:
            first.setdefault(frozenset((row.flow.local, row.flow.remote)), row.flow.local)
        ends = frozenset
        return [row for row in rows if (first[ends((row.flow.local, row.flow.remote))] == row.flow.local) == opener]

    return rewrite


def shifted(opener: bool, by: int) -> Rewrite:
    """One direction recorded by another clock: ``by`` nanoseconds later."""
    keep = from_end(opener)

    def rewrite(rows: list[Row]) -> list[Row]:
        late = set(map(id, keep(rows)))
        return _in_time([replace(row, time=row.time + by) if id(row) in late else row for row in rows])

    return rewrite


def _in_time(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row.time)


def jittered(by: int, seed: int = 1) -> Rewrite:
    """Order changed: each record up to ``by`` nanoseconds off, and sorted."""

    def rewrite(rows: list[Row]) -> list[Row]:
        chance = random.Random(seed)
        return _in_time([replace(row, time=row.time + chance.randint(-by, by)) for row in rows])

    return rewrite


def lossy(share: float, seed: int = 1) -> Rewrite:
    """Records that the recorder lost."""

    def rewrite(rows: list[Row]) -> list[Row]:
        chance = random.Random(seed)
        return [row for row in rows if chance.random() >= share]

    return rewrite


def mirrored(rows: list[Row]) -> list[Row]:
    """Each record twice, the second time some microseconds later, behind what came meanwhile."""
    return _in_time([replace(row, time=row.time + late) for row in rows for late in (0, MS // 50)])


def half(second: bool) -> Rewrite:
    """The recorder stopped, or started, in the middle."""
    return lambda rows: rows[len(rows) // 2 :] if second else rows[: len(rows) // 2]


def gap(rows: list[Row]) -> list[Row]:
    """More than a receive window of records is missing: at the middle of the text, 64 KiB of it or a third of all."""
    total = [0, *accumulate(row.segment.length for row in rows)]
    begin = next((at for at, octets in enumerate(total) if octets * 2 > total[-1]), len(rows) // 3)
    octets = min(1 << 16, total[-1] // 3)
    end = next((at for at in range(begin, len(rows)) if total[at] - total[begin] > octets), begin + len(rows) // 3)
    return rows[:begin] + rows[end:]


def merged(one: list[Row], other: list[Row]) -> list[Row]:
    """Two captures in one file, the second as if it had begun when the first did."""
    by = other[0].time - one[0].time
    return _in_time([*one, *(replace(row, time=row.time - by) for row in other)])


FLAGS = FIN | SYN | RST
ARTEFACTS = (
    Rewriting("flags only", only(lambda row: row.segment.flags & FLAGS != 0)),
    Rewriting("data only", only(lambda row: row.segment.length > 0)),
    Rewriting("no empty ACKs", only(lambda row: row.segment.seg_len > 0 or row.segment.flags & RST != 0)),
    Rewriting("client only", from_end(opener=True)),
    Rewriting("server only", from_end(opener=False)),
    Rewriting("first half", half(second=False)),
    Rewriting("second half", half(second=True)),
    *(Rewriting(f"5 % lost, {seed}", lossy(0.05, seed)) for seed in (1, 2, 3)),
    Rewriting("a window missing", gap),
    Rewriting("doubled", doubled),
    Rewriting("mirrored", mirrored),
    *(Rewriting(f"order changed, {seed}", jittered(2 * MS, seed)) for seed in (1, 2, 3)),
    Rewriting("client late", shifted(opener=True, by=15 * MS)),
    Rewriting("client early", shifted(opener=True, by=-15 * MS)),
    Rewriting("snap length", lambda rows: rows, SNAP),
)
WHOLE = Rewriting("whole", lambda rows: rows)
