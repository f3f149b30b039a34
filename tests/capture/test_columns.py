"""The columns agree with the exact decoder, whatever the octets."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from probe.capture.batch import Batch
from probe.capture.fragments import Fragments
from probe.capture.reader import Chunk, Reading
from probe.capture.tables import Addresses
from probe.capture.window import PAD
from probe.spec.segment import ACK, SYN, Option
from probe.wire.decode import Decoded, unpack
from tests.capture.build import FOUR_A, FOUR_B, LINKS, Frame, Ng, conversation, every_packet, frames, ipv4, pcap, tcp
from tests.capture.witness import ours

PACKETS = every_packet()


def chunk_of(packets: list[tuple[bytes, int]]) -> Chunk:
    """A chunk of raw IP packets, each with its length on the wire."""
    sizes = [len(data) for data, _ in packets]
    at = np.cumsum([0, *sizes])[:-1].astype(np.int64)
    octets = np.frombuffer(b"".join(data for data, _ in packets) + bytes(PAD), np.uint8)
    wire = np.array([max(length, len(data)) for data, length in packets], np.int64)
    count = len(packets)
    batch = Batch(
        octets, 1, at, np.array(sizes, np.int64), wire, np.zeros(count, np.int64), np.full(count, 101, np.int64)
    )
    return Chunk(batch, Addresses(), Fragments())


@st.composite
def mutated(draw: st.DrawFn) -> tuple[bytes, int]:
    """A packet with a few octets changed, cut off or padded, and a length on the wire."""
    data = bytearray(draw(st.sampled_from(PACKETS)))
    for _ in range(draw(st.integers(0, 3))):
        data[draw(st.integers(0, min(len(data), 60) - 1))] = draw(st.integers(0, 255))
    size = draw(st.one_of(st.just(len(data)), st.integers(0, len(data) + 8)))
    kept = bytes(data[:size]).ljust(size, b"\0") if size else b""
    return kept, draw(st.one_of(st.just(len(data)), st.integers(len(kept), 70000)))


@given(st.lists(mutated(), min_size=1, max_size=30))
def test_fast_and_exact_path_agree(packets: list[tuple[bytes, int]]) -> None:
    chunk = chunk_of(packets)
    columns = chunk.columns
    seen = {int(number): row for row, number in enumerate(chunk.number)}
    for number, (data, wire) in enumerate(packets, 1):
        decoded = unpack(data, wire_length=max(wire, len(data)))
        assert isinstance(decoded, Decoded) == (number in seen)
        if not isinstance(decoded, Decoded):
            continue
        row, (flow, segment) = seen[number], decoded
        assert chunk.exact(row) == decoded
        assert bool(columns.options[row]) or not segment.options
        numbers: list[NDArray[Any]] = [
            columns.seq,
            columns.ack,
            columns.flags,
            columns.window,
            columns.length,
        ]
        theirs = [segment.seq, segment.ack, segment.flags, segment.window, segment.length]
        assert [int(column[row]) for column in numbers] == [int(value) for value in theirs]
        ends = (flow.remote, flow.local) if columns.from_high[row] else (flow.local, flow.remote)
        assert chunk.addresses.ends(int(columns.flow[row])) == ends
    assert len(seen) + chunk.skipped.total() == len(packets)


def test_both_directions_share_a_flow_and_differ_in_direction() -> None:
    chunk = chunk_of([(packet, len(packet)) for version in (4, 6) for packet in conversation(version)])
    assert len(set(chunk.columns.flow.tolist())) == 4
    assert chunk.columns.from_high.tolist() == [False, True] * 8
    assert [chunk.columns.flow.tolist().index(flow) for flow in chunk.columns.flow.tolist()] == [
        first for first in (0, 4, 8, 12) for _ in range(4)
    ]


def test_no_segment_gives_no_flow() -> None:
    chunk = chunk_of([(b"", 0)])
    assert (len(chunk), chunk.columns.flow.tolist()) == (0, [])


def test_checksum_verdict_on_demand() -> None:
    good, bad = tcp(FOUR_A + FOUR_B, 1, 2), tcp(FOUR_A + FOUR_B, 1, 2, payload=b"!", wrong_sum=True)
    cut = ipv4(tcp(FOUR_A + FOUR_B, 1, 2, payload=b"long"))
    chunk = chunk_of([(ipv4(good), 40), (ipv4(bad), 41), (cut[:-1], 44)])
    segments = [chunk.exact(row).segment for row in range(3)]
    assert [("checksum" in s.faults, s.checksum_known) for s in segments] == [
        (False, True),
        (True, True),
        (False, False),
    ]


def test_options_are_decoded_on_demand() -> None:
    options = b"\x02\x04\x05\xb4\x01\x03\x03\x07"
    chunk = chunk_of([(ipv4(tcp(FOUR_A + FOUR_B, 1, 2, flags=SYN | ACK, options=options)), 48)])
    assert chunk.exact(0).segment.options == (Option(2, b"\x05\xb4"), Option(1), Option(3, b"\x07"))


def test_a_packet_is_found_by_its_number() -> None:
    chunk = chunk_of([(ipv4(b"", protocol=17), 20), (conversation(4)[0], 40)])
    assert (chunk.row(1), chunk.row(2), chunk.row(3)) == (None, 0, None)


@pytest.mark.parametrize("size", [1, 64, 100, 1000, 5000])
@pytest.mark.parametrize("kind", ["pcap", "pcapng"])
def test_the_size_of_the_chunks_changes_nothing(tmp_path: Path, kind: str, size: int) -> None:
    every = frames(PACKETS)
    builder = Ng().section().interface()
    for frame in every:
        builder.enhanced(frame, comments=["x"])
    path = tmp_path / "capture"
    path.write_bytes(pcap(every) if kind == "pcap" else builder.data)
    assert ours(path, chunk=size) == ours(path)


def test_mixed_link_types_keep_the_order_of_the_file(tmp_path: Path) -> None:
    builder = Ng().section()
    for link, _ in LINKS.values():
        builder.interface(link)
    for packet in conversation(4) + conversation(6):
        for index, (_, wrap) in enumerate(LINKS.values()):
            builder.enhanced(Frame(wrap(packet)), index)
    path = tmp_path / "capture"
    path.write_bytes(builder.data)
    told = ours(path)
    assert [row.number for row in told.rows] == list(range(1, 16 * len(LINKS) + 1))
    by_packet = Counter(row._replace(number=0) for row in told.rows)
    assert set(by_packet.values()) == {len(LINKS)}


def test_progress_tells_octets_read_of_all(tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(pcap(frames(PACKETS)))
    size, told = path.stat().st_size, []
    for _ in Reading(str(path), chunk=500, progress=lambda done, total: told.append((done, total))):
        pass
    assert told[-1] == (size, size)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert len(told) > 5
