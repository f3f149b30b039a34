"""Classic pcap: every magic number, and what is left of a file that is cut or damaged."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tests.capture.build import EVENING, conversation, fair_packets, frames, pcap
from tests.capture.witness import ours

FRAMES = frames(conversation(4))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("nano", [False, True])
def test_both_orders_and_both_resolutions(tmp_path: Path, order: str, nano: bool) -> None:
    path = tmp_path / "capture"
    path.write_bytes(pcap(FRAMES, order=order, nano=nano))
    told = ours(path)
    assert told.error is None
    first = EVENING if nano else EVENING // 1000 * 1000
    assert [(row.number, row.time) for row in told.rows] == [(n + 1, first + 1000 * n) for n in range(8)]


@pytest.mark.parametrize("order", "<>")
def test_longer_record_headers_of_patched_libpcap(tmp_path: Path, order: str) -> None:
    path = tmp_path / "capture"
    path.write_bytes(pcap(FRAMES, order=order, magic=0xA1B2CD34))
    modified = ours(path)
    path.write_bytes(pcap(FRAMES))
    assert modified == ours(path)


def test_frame_check_sequence_bits_are_no_part_of_the_link_type(tmp_path: Path) -> None:
    data = bytearray(pcap(FRAMES))
    data[20:24] = struct.pack("<I", 1 | 0x24000000)
    path = tmp_path / "capture"
    path.write_bytes(data)
    assert len(ours(path).rows) == 8


def test_truncated_anywhere_it_gives_all_before_and_the_offset(tmp_path: Path) -> None:
    data = pcap(FRAMES)
    path = tmp_path / "capture"
    path.write_bytes(data)
    whole = ours(path)
    starts = [24]
    for frame in FRAMES:
        starts.append(starts[-1] + 16 + len(frame.data))
    for size in range(24, len(data)):
        path.write_bytes(data[:size])
        told = ours(path)
        before = max(start for start in starts if start <= size)
        assert told.rows == whole.rows[: starts.index(before)]
        if size == before:
            assert told.error is None
        else:
            assert told.error is not None
            assert told.error.offset == before
            assert "the file ends inside a record" in told.error.reason


def test_an_impossible_length_ends_it_there(tmp_path: Path) -> None:
    data = bytearray(pcap(FRAMES))
    third = 24 + 2 * 16 + len(FRAMES[0].data) + len(FRAMES[1].data)
    data[third + 8 : third + 12] = struct.pack("<I", 262145)
    path = tmp_path / "capture"
    path.write_bytes(data)
    for chunk in (50, 1 << 20):
        told = ours(path, chunk=chunk)
        assert len(told.rows) == 2
        assert told.error is not None
        assert told.error.offset == third
        assert told.error.reason == "a record claims 262145 captured octets, more than any capture holds"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"\xd4", "not a capture file (neither pcap nor pcapng)"),
        (b"hello, world, hello, world", "not a capture file (neither pcap nor pcapng)"),
        (pcap([])[:20], "the file ends inside its header"),
        (b"\x28\xb5\x2f\xfd" + bytes(20), "the file is zstd-compressed: unpack it first, for example with `zstd -d`"),
        (b"BZh9" + bytes(20), "the file is bzip2-compressed: unpack it first, for example with `bunzip2`"),
    ],
)
def test_what_is_no_capture_is_told_in_words(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "capture"
    path.write_bytes(data)
    told = ours(path)
    assert told.error is not None
    assert (told.error.path, told.error.offset, told.error.reason) == (str(path), 0, reason)
    assert str(told.error) == f"{path}: {reason}"


def test_a_capture_of_nothing_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(pcap([]))
    told = ours(path)
    assert (told.rows, told.records, told.error) == ([], 0, None)


def test_records_larger_than_a_chunk(tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(pcap(frames(conversation(4, payload=b"x" * 20000) + fair_packets())))
    assert ours(path, chunk=4096) == ours(path)
    assert ours(path, chunk=4096).error is None
