"""pcapng: sections, interfaces, clocks, the three packet blocks, comments, and damaged blocks."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from probe.capture.reader import Reading
from tests.capture.build import EVENING, LINKS, Frame, Ng, conversation, ethernet, frames
from tests.capture.witness import ours

FRAMES = frames(conversation(4))
FRAME = FRAMES[0]


def written(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "capture"
    path.write_bytes(data)
    return path


def test_sections_of_both_byte_orders_have_their_own_interfaces(tmp_path: Path) -> None:
    builder = Ng()
    for order, link in (("<", "ethernet"), (">", "sll"), ("<", "raw 101"), ("<", "loop"), (">", "sll2")):
        number, wrap = LINKS[link]
        builder.section(order).interface(number)
        for packet in conversation(6):
            builder.enhanced(Frame(wrap(packet)))
    for chunk in (100, 1 << 20):
        told = ours(written(tmp_path, builder.data), chunk=chunk)
        assert told.error is None
        assert not told.skipped
        assert [row.number for row in told.rows] == list(range(1, 41))
        assert told.rows[:8] == [row._replace(number=row.number - 32) for row in told.rows[32:]]


SECOND = EVENING // 10**9
CLOCKS = [
    (None, None, EVENING // 1000, EVENING // 1000 * 1000),
    (0, None, SECOND, SECOND * 10**9),
    (3, None, EVENING // 10**6, EVENING // 10**6 * 10**6),
    (9, None, EVENING, EVENING),
    (9, 3600, EVENING, EVENING + 3600 * 10**9),
    (9, -SECOND, EVENING, EVENING - SECOND * 10**9),
    (10, None, EVENING * 10 + 7, EVENING),
    (0x80, None, SECOND, SECOND * 10**9),
    (0x80 | 1, None, SECOND * 2 + 1, SECOND * 10**9 + 500_000_000),
    (0x80 | 20, None, (SECOND << 20) + (1 << 18), SECOND * 10**9 + 250_000_000),
    (0x80 | 33, None, (SECOND << 33) - 1, SECOND * 10**9 - 1),
    (0x80 | 40, 1000, (3 << 40) + (1 << 39), 1003 * 10**9 + 500_000_000),
    (0x80 | 63, SECOND, (1 << 63) + (1 << 62), (SECOND + 1) * 10**9 + 500_000_000),
]


@pytest.mark.parametrize(("resolution", "offset", "ticks", "time"), CLOCKS)
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("others", [False, True])
def test_clocks(
    tmp_path: Path, order: str, resolution: int | None, offset: int | None, ticks: int, time: int, others: bool
) -> None:
    builder = Ng().section(order).interface(resolution=resolution, offset=offset)
    if others:
        for strange in (255, 127, 0x80 | 64, 28, 29):
            builder.interface(resolution=strange, offset=2**62)
    data = builder.enhanced(FRAME, ticks=ticks).enhanced(FRAME, len(builder.data) % 2 * 0, ticks=ticks).data
    told = ours(written(tmp_path, data))
    assert [row.time for row in told.rows] == [time, time]


def test_the_three_packet_blocks(tmp_path: Path) -> None:
    builder = Ng().section().interface(snap=60).interface(resolution=6)
    builder.enhanced(FRAME, 1).obsolete(FRAME, 1).simple(FRAME._replace(cut=60)).block(77, b"unknown").enhanced(FRAME)
    told = ours(written(tmp_path, builder.data))
    assert told.error is None
    assert [row.number for row in told.rows] == [1, 2, 3, 4]
    assert [row.time == 0 for row in told.rows] == [False, False, True, False]
    assert len({row._replace(number=0, time=0) for row in told.rows}) == 1


def test_a_simple_packet_is_no_longer_than_the_snap_length(tmp_path: Path) -> None:
    long = Frame(ethernet(conversation(4, payload=b"x" * 100)[1]), cut=70)
    told = ours(written(tmp_path, Ng().section().interface(snap=70).simple(long).data))
    assert [row.length for row in told.rows] == [100]


def test_comments_of_packets_and_sections(tmp_path: Path) -> None:
    builder = Ng()
    for order in "<>":
        builder.section(order, f"section {order}").interface()
        builder.enhanced(FRAME, comments=["first", "zweiter – Kommentar"]).enhanced(FRAME).obsolete(FRAME)
    chunks = list(Reading(str(written(tmp_path, builder.data))))
    assert [chunk.section_comments for chunk in chunks] == [("section <",), ("section >",)]
    for chunk in chunks:
        assert [chunk.comments(row) for row in range(3)] == [("first", "zweiter – Kommentar"), (), ()]


def test_a_section_without_packets_still_gives_its_comment(tmp_path: Path) -> None:
    (chunk,) = Reading(str(written(tmp_path, Ng().section(comment="empty").data)))
    assert (len(chunk), chunk.section_comments) == (0, ("empty",))


def test_truncated_anywhere_it_gives_all_before_and_the_offset(tmp_path: Path) -> None:
    builder = Ng().section(comment="x").interface()
    starts, counts = [0, 40, len(builder.data)], [0, 0, 0]
    starts[1] = len(Ng().section(comment="x").data)
    for index, frame in enumerate(FRAMES, 1):
        builder.enhanced(frame, comments=["note"])
        starts.append(len(builder.data))
        counts.append(index)
    whole = ours(written(tmp_path, builder.data))
    for size in range(8, len(builder.data)):
        told = ours(written(tmp_path, builder.data[:size]))
        last = max(index for index, start in enumerate(starts) if start <= size)
        assert told.rows == whole.rows[: counts[last]]
        if size == starts[last]:
            assert told.error is None
        else:
            assert told.error is not None
            assert told.error.offset == starts[last]


def damaged(at: int, value: int) -> bytes:
    """Three packets; in the second, a 32-bit field is overwritten (counted from the end when negative)."""
    head = Ng().section().interface()
    start = len(head.enhanced(FRAME).data)
    end = len(head.enhanced(FRAME).data)
    data = bytearray(head.enhanced(FRAME).data)
    place = start + at if at >= 0 else end + at
    data[place : place + 4] = struct.pack("<I", value)
    return bytes(data)


@pytest.mark.parametrize("chunk", [64, 1 << 20])
@pytest.mark.parametrize(
    ("at", "value", "reason"),
    [
        (4, 0, "a block of type 0x6 claims 0 octets, which cannot be"),
        (4, 31, "a block of type 0x6 claims 31 octets, which cannot be"),
        (4, 94, "a block of type 0x6 claims 94 octets, which cannot be"),
        (4, 0x7FFFFFFC, "a block claims 2147483644 octets, more than any capture holds"),
        (4, 1000, "the file ends inside a block"),
        (-4, 88, "a packet block whose lengths contradict each other"),
        (20, 10_000, "a packet block whose lengths contradict each other"),
    ],
)
def test_a_damaged_block_ends_it_there(tmp_path: Path, at: int, value: int, reason: str, chunk: int) -> None:
    told = ours(written(tmp_path, damaged(at, value)), chunk=chunk)
    assert [row.number for row in told.rows] == [1]
    assert told.error is not None
    assert (told.error.offset, told.error.reason) == (48 + 92, reason)


def test_an_unknown_byte_order_is_told(tmp_path: Path) -> None:
    data = bytearray(Ng().section().data)
    data[8] ^= 1
    told = ours(written(tmp_path, bytes(data)))
    assert told.error is not None
    assert told.error.reason == "a pcapng section of unknown byte order"


def test_interfaces_without_end_are_refused(tmp_path: Path) -> None:
    builder = Ng().section()
    one = Ng().section().interface().data[len(builder.data) :]
    told = ours(written(tmp_path, builder.data + one * 65537))
    assert told.error is not None
    assert told.error.reason == "a section describes more than 65536 interfaces"


def test_an_interface_is_known_only_after_its_description(tmp_path: Path) -> None:
    builder = Ng().section().interface().enhanced(FRAME, 1).interface().enhanced(FRAME, 1)
    told = ours(written(tmp_path, builder.data))
    assert [row.number for row in told.rows] == [2]
