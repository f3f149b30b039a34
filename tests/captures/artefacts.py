"""What recorders, mirror ports and exports do to a record: each as a rewriting of one that is whole.

The ends did what they did before and after: what is said against one of them must not grow (`test_artefacts`).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from itertools import accumulate
from pathlib import Path

from probe.capture.reader import Reading
from probe.spec.segment import ACK, FIN, RST, SYN, URG, Endpoint, Segment
from tests.capture.build import Frame, ethernet, pcap
from tests.captures.rewritten import Rewrite, Row, doubled

MS = 1_000_000
ETHERNET = 14
SNAPS = (54, 60, 66)
"""Ethernet, IPv4 and TCP headers without options, with some, with timestamps: what many a script has tcpdump keep."""
OUTSIDE = "198.51.100.7"
"""What a translator makes of the clients' addresses."""


@dataclass(frozen=True, slots=True)
class Rewriting:
    """One thing that happens to a record."""

    name: str
    rewrite: Rewrite

    def octets(self, rows: Sequence[Row]) -> bytes:
        """The record as a pcap of Ethernet frames, rewritten."""
        return pcap([_frame(row) for row in self.rewrite(list(rows))], nano=True)


def _frame(row: Row) -> Frame:
    """The packet, of IPv4, in a frame; what the recorder did not keep of it is not there now."""
    missing = max(0, int.from_bytes(row.packet[2:4], "big") - len(row.packet))
    frame = ethernet(row.packet + bytes(missing))
    return Frame(frame, row.time, len(frame) - missing)


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


def openers(rows: list[Row]) -> list[bool]:
    """Of each row whether it is of the end that spoke first on its four-tuple."""
    first: dict[frozenset[Endpoint], Endpoint] = {}
    return [
        first.setdefault(frozenset((row.flow.local, row.flow.remote)), row.flow.local) == row.flow.local for row in rows
    ]


def from_end(opener: bool) -> Rewrite:
    """What one end sent: the one that spoke first on its four-tuple, or the other."""
    return lambda rows: [row for row, its in zip(rows, openers(rows), strict=True) if its == opener]


def changed(change: Callable[[Row], Row], *ends: bool) -> Rewrite:
    """What those ends sent (True: that which spoke first) is recorded otherwise."""
    return lambda rows: [change(row) if its in ends else row for row, its in zip(rows, openers(rows), strict=True)]


def shifted(opener: bool, by: int) -> Rewrite:
    """One direction recorded by another clock: ``by`` nanoseconds later."""
    late = changed(lambda row: replace(row, time=row.time + by), opener)
    return lambda rows: _in_time(late(rows))


def cut(snap: int) -> Callable[[Row], Row]:
    """So many octets of a frame are kept."""
    return lambda row: replace(row, packet=row.packet[: snap - ETHERNET])


def unsummed(row: Row) -> Row:
    """The checksum is left to the card."""
    at = 4 * (row.packet[0] & 15) + 16
    octets = bytes(octet ^ 0x5A for octet in row.packet[at : at + 2])
    return replace(row, packet=row.packet[:at] + octets + row.packet[at + 2 :])


def joined(rows: list[Row]) -> list[Row]:
    """Text in order is recorded before the card cuts it up: at the first of its segments, as one of up to 64 KB."""
    found: list[Row] = []
    last: dict[tuple[Endpoint, Endpoint], int] = {}
    for row in rows:
        s, ends = row.segment, (row.flow.local, row.flow.remote)
        if not s.payload or len(s.payload) < s.length or s.flags & (SYN | RST | URG):
            last.pop(ends, None)
        elif (place := last.get(ends)) is not None and _goes_on(found[place].segment, s):
            before = found[place].segment
            text, flags = before.payload + s.payload, before.flags | s.flags
            found[place] = found[place].altered(payload=text, length=len(text), flags=flags)
            continue
        else:
            last[ends] = len(found)
        found.append(row)
    return found


def _goes_on(before: Segment, s: Segment) -> bool:
    fits = before.length + s.length < 65_000 and not before.flags & FIN
    return fits and (before.end, before.ack, before.window) == (s.seq, s.ack, s.window)


def translated(rows: list[Row]) -> list[Row]:
    """Recorded on both sides of a translator: each segment twice, the second time with another address."""

    def outside(row: Row, *, opener: bool) -> Row:
        flow = row.flow
        if opener:
            flow = replace(flow, local=replace(flow.local, address=OUTSIDE))
        else:
            flow = replace(flow, remote=replace(flow.remote, address=OUTSIDE))
        return _packed(replace(row, flow=flow))

    return _on_both_sides(rows, outside)


def renumbered(by: int, other_by: int, late: int = MS // 50) -> Rewrite:
    """Recorded on both sides of something that adds constants to the numbers of who spoke first, and of the other."""

    def outside(row: Row, *, opener: bool) -> Row:
        s, (own, other) = row.segment, (by, other_by) if opener else (other_by, by)
        unknown = s.flags & (RST | ACK) == RST | ACK and not s.seq  # it answers what no connection is of
        seq, ack = s.seq if unknown else s.seq + own, s.ack + other if s.flags & ACK else s.ack
        return _packed(replace(row, segment=replace(s, seq=seq, ack=ack)))

    return lambda rows: _on_both_sides(rows, outside, late)


def _on_both_sides(rows: list[Row], outside: Callable[..., Row], late: int = MS // 50) -> list[Row]:
    """What the end that spoke first sends comes out later, what it is sent has come in before."""
    twins = [
        replace(outside(row, opener=opener), time=row.time + (late if opener else -late))
        for row, opener in zip(rows, openers(rows), strict=True)
    ]
    return _in_time([*rows, *twins])


def _packed(row: Row) -> Row:
    """The packet with the addresses and numbers its fields say now; if it was cut, its checksums are wrong."""
    s = row.segment
    if len(s.payload) == s.length:
        return row.altered()
    ends = b"".join(IPv4Address(end.address).packed for end in (row.flow.local, row.flow.remote))
    at = 4 * (row.packet[0] & 15) + 4
    numbers = b"".join(number.to_bytes(4, "big") for number in (s.seq, s.ack))
    packet = row.packet[:12] + ends + row.packet[20:at] + numbers + row.packet[at + 8 :]
    return replace(row, packet=packet)


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
    *(Rewriting(f"{snap} octets kept", changed(cut(snap), True, False)) for snap in SNAPS),
    *(Rewriting(f"{snap} octets kept of the client's", changed(cut(snap), True)) for snap in SNAPS),
    *(Rewriting(f"{snap} octets kept of the server's", changed(cut(snap), False)) for snap in SNAPS),
    Rewriting("checksums left to the client's card", changed(unsummed, True)),
    Rewriting("checksums left to the server's card", changed(unsummed, False)),
    Rewriting("before segmentation", joined),
)
WHOLE = Rewriting("whole", lambda rows: rows)
