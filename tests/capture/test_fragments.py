"""Fragments of IP datagrams are put together as tshark does it, and what is not is counted with its reason."""

from __future__ import annotations

import random
import struct
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from probe.capture import fragments
from probe.capture.fragments import INCOMPLETE, MALFORMED, OVERLAPPING, PART
from probe.capture.pcapng import Context, Interface
from probe.capture.reader import Part
from tests.capture.build import (
    EVENING,
    Frame,
    Ng,
    ethernet,
    frames,
    ipv4,
    pcap,
)  # fmt: skip
from tests.capture.fragmented import DATAGRAMS, broken4, broken6, text4, text6
from tests.capture.witness import Row, ours, tshark

SECOND = 1_000_000_000


def told(
    folder: Path, packets: Sequence[bytes], *, step: int = 1000, cut: int | None = None
) -> tuple[list[Row], dict[str, int]]:
    """(segments, counts of what is none) of a capture of these packets."""
    path = folder / "capture"
    path.write_bytes(pcap([Frame(ethernet(p), EVENING + step * at, cut) for at, p in enumerate(packets)]))
    found = ours(path)
    assert len(found.rows) + found.skipped.total() == found.records
    return found.rows, dict(found.skipped)


@pytest.mark.parametrize("name", DATAGRAMS)
def test_tshark_sees_the_same_segments(name: str, tmp_path: Path) -> None:
    rows, skipped = told(tmp_path, DATAGRAMS[name])
    assert rows
    assert rows == tshark(tmp_path / "capture")
    assert set(skipped) == {PART}


def test_what_is_inside_a_fragmented_tunnel(tmp_path: Path) -> None:
    inner = ipv4(text4())
    gre = struct.pack("!HH", 0, 0x0800) + inner
    vxlan = struct.pack("!HHHH", 9, 4789, 8 + 8 + 14 + len(inner), 0) + b"\x08\0\0\0\0\0\7\0" + ethernet(inner)
    packets = [*broken4(gre, [64], 1, 47), *broken4(vxlan, [64], 2, 17), *broken4(b"\0" * 200, [64], 3, 17)]
    packets += [ipv4(one, protocol=4) for one in broken4(text4(), [48], 4)]
    rows, skipped = told(tmp_path, packets)
    assert [row.number for row in rows] == [2, 4, 8]
    assert skipped == {PART: 3, "not TCP: UDP": 2}


@pytest.mark.parametrize(
    ("packets", "due"),
    [
        (broken4(text4(), [48, 16])[:2], {INCOMPLETE: 2}),
        (broken4(text4(), [48, 16])[1:], {INCOMPLETE: 2}),
        ([broken4(text4(), [48])[0], broken4(text4(), [40])[1], broken4(text4(), [48])[1]], {OVERLAPPING: 3}),
        ([broken6(text6(), [48])[0], broken6(text6(), [40])[1]], {OVERLAPPING: 2}),
        ([ipv4(text4()[:13], fragment=0x2000)], {MALFORMED: 1}),
        ([ipv4(text4(), fragment=0x1FFF)], {MALFORMED: 1}),
    ],
    ids=["last is missing", "first is missing", "overlap", "overlap of IPv6", "no multiple of eight", "past the end"],
)
def test_what_is_not_put_together_has_its_reason(packets: list[bytes], due: dict[str, int], tmp_path: Path) -> None:
    rows, skipped = told(tmp_path, packets)
    assert (rows, skipped) == ([], due)


def test_what_comes_too_late_is_of_another_datagram(tmp_path: Path) -> None:
    assert told(tmp_path, broken4(text4(), [48]), step=61 * SECOND)[1] == {INCOMPLETE: 2}
    assert told(tmp_path, broken4(text4(), [48]), step=59 * SECOND)[1] == {PART: 1}


def test_cut_frames_still_tell_the_header(tmp_path: Path) -> None:
    whole, _ = told(tmp_path, broken4(text4(), [48, 16]))
    assert told(tmp_path, broken4(text4(), [48, 16]), cut=60)[0] == whole


def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go first."""
    monkeypatch.setattr(fragments, "ROOM", 4000)
    begun = [broken4(text4(), [48], number)[0] for number in range(20)]
    rest = [broken4(text4(), [48], number)[1] for number in (0, 19)]
    rows, skipped = told(tmp_path, begun + rest)
    assert len(rows) == 1
    assert skipped == {INCOMPLETE: 20, PART: 1}


@pytest.mark.parametrize("seed", range(10))
def test_cuts_change_nothing(seed: int, tmp_path: Path) -> None:
    """Wherever a file is cut, parts give the segments and counts of the whole, numbers and all."""
    chance = random.Random(seed)
    packets = [one for number in range(30) for one in broken4(text4(seq=number), [48, 16], number)]
    packets += [ipv4(one, protocol=4) for number in range(9) for one in broken4(text4(seq=number), [48], 50 + number)]
    packets = [one for one in packets if chance.random() < 0.95]
    for _ in range(20):
        at = chance.randrange(len(packets) - 3)
        packets[at : at + 3] = chance.sample(packets[at : at + 3], 3)
    path = tmp_path / "capture"
    path.write_bytes(pcap(frames(packets)))
    whole, size = ours(path), path.stat().st_size
    ends = [0, *sorted(at for at in starts(path) if chance.random() < 0.2), size]
    parts = [
        Part(str(path), start, end if end < size else None, 1 if not start else None) for start, end in pairwise(ends)
    ]
    found = ours(path, parts=parts)
    assert sorted(found.rows) == whole.rows
    assert Counter(found.skipped) == whole.skipped
    assert whole.rows


def test_a_cut_of_a_pcapng_changes_nothing(tmp_path: Path) -> None:
    path, builder, ends = tmp_path / "capture", Ng().section().interface(), list[int]()
    for frame in frames([one for number in range(5) for one in broken4(text4(seq=number), [48, 16], number)]):
        ends.append(len(builder.data))
        builder.enhanced(frame)
    path.write_bytes(builder.data)
    whole = ours(path)
    assert len(whole.rows) == 5
    for place, end in enumerate(ends[1:], 2):
        parts = [Part(str(path), end=end), Part(str(path), end, None, place, Context("<", [Interface(1, 0)]))]
        assert ours(path, parts=parts)[:2] == whole[:2]


def starts(path: Path) -> list[int]:
    """Where records start, but for the first."""
    data, at, found = path.read_bytes(), 24, list[int]()
    while at < len(data):
        found.append(at)
        at += 16 + int.from_bytes(data[at + 8 : at + 12], "little")
    return found[1:]
