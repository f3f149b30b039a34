"""Every link type and every tunnel leads to the same IP packets; what leads to none is counted under a reason."""

from __future__ import annotations

import random
import struct
from collections import Counter
from pathlib import Path

import pytest

from probe.capture.reader import Reading
from probe.replay.run import ReplayOptions, replay
from probe.wire.decode import Decoded, unpack
from tests.capture.build import (
    EVENING,
    LINKS,
    Frame,
    Ng,
    conversation,
    ethernet,
    every_packet,
    frames,
    pcap,
)
from tests.capture.encapsulated import ENCAPSULATIONS
from tests.capture.streams import tshark_streams
from tests.capture.witness import Row, ours, tshark


def expected(packets: list[bytes], link: str) -> list[Row]:
    """The rows by the exact decoder, given what the link header leaves of each frame."""
    rows = []
    wrap = LINKS[link][1]
    for number, (packet, frame) in enumerate(zip(packets, frames(packets, link), strict=True), 1):
        inside = frame.data[wrap(packet).find(packet) :]
        decoded = unpack(inside, wire_length=len(inside))
        if isinstance(decoded, Decoded):
            flow, s = decoded
            ends = flow.local.address, flow.local.port, flow.remote.address, flow.remote.port
            numbers = int(s.seq), int(s.ack), s.flags, s.length, s.window
            rows.append(Row(number, frame.time // 1000 * 1000, *ends, *numbers))
    return rows


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("order", "<>")
def test_every_link_type_gives_what_the_exact_decoder_gives(tmp_path: Path, link: str, order: str) -> None:
    path = tmp_path / "capture"
    path.write_bytes(pcap(frames(every_packet(), link), link=LINKS[link][0], order=order))
    told = ours(path)
    assert told.error is None
    # Address families and Ethernet types call a packet IP; what its first octet says comes later.
    assert told.rows == expected(every_packet(), link)
    assert len(told.rows) + told.skipped.total() == told.records == len(every_packet())


def test_raw_ip_of_one_version_is_read_by_the_version_field(tmp_path: Path) -> None:
    for link, version in ((228, 4), (229, 6)):
        path = tmp_path / str(link)
        path.write_bytes(pcap([Frame(packet) for packet in conversation(version)], link=link))
        assert len(ours(path).rows) == 8


UNKNOWN_TO_TSHARK = {"mpls, bridged", "nflog of a big-endian machine"}
"""It takes no pseudowire for one unless told, and the byte order of nflog from the file."""


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("name", ENCAPSULATIONS)
def test_what_is_in_a_tunnel_is_read_as_tshark_reads_it(tmp_path: Path, name: str, version: int) -> None:
    link, wrap = ENCAPSULATIONS[name]
    plain, path = tmp_path / "plain", tmp_path / "capture"
    packets = conversation(version)
    plain.write_bytes(pcap([Frame(packet, EVENING + n * 1000) for n, packet in enumerate(packets)], link=101))
    path.write_bytes(pcap([Frame(wrap(packet), EVENING + n * 1000) for n, packet in enumerate(packets)], link=link))
    told = ours(path)
    assert told.rows == ours(plain).rows
    assert told.skipped == Counter()
    if name not in UNKNOWN_TO_TSHARK:
        assert told.rows == tshark(path, inside=version)
        assert [len(stream.packets) for stream in tshark_streams(path)] == [
            c.packets for c in replay(ReplayOptions((str(path),), workers=1)).listed
        ]


@pytest.mark.parametrize("name", ENCAPSULATIONS)
def test_a_tunnel_cut_anywhere_is_read_or_counted(tmp_path: Path, name: str) -> None:
    link, wrap = ENCAPSULATIONS[name]
    frame = Frame(wrap(conversation(4)[3]))
    cuts = range(len(frame.data))
    path = tmp_path / "capture"
    path.write_bytes(pcap([frame._replace(cut=cut) for cut in cuts], link=link))
    told = ours(path)
    assert len(told.rows) + told.skipped.total() == len(cuts)
    assert {row[2:] for row in told.rows} <= {ours_whole[2:] for ours_whole in _rows(tmp_path, frame, link)}


def _rows(folder: Path, frame: Frame, link: int) -> list[Row]:
    path = folder / "whole"
    path.write_bytes(pcap([frame], link=link))
    return ours(path).rows


REASONS = (
    (1, ethernet(b"")[:12] + b"\x08\x06" + bytes(46), "ARP"),
    (1, ethernet(b"")[:12] + b"\x88\xcc" + bytes(46), "LLDP"),
    (1, ethernet(b"")[:12] + b"\x00\x26" + bytes(46), "802.3 frame"),
    (1, ethernet(b"")[:12] + b"\x12\x34" + bytes(46), "Ethernet type 0x1234"),
    (1, b"\2" * 13, "cut off before the IP header"),
    (1, ethernet(b"")[:12] + b"\x81\x00\0", "cut off before the IP header"),
    (1, ethernet(conversation(4)[0], [0x8100] * 20), "more than 16 headers before the IP header"),
    (0, b"\x07\0\0\0" + bytes(40), "loopback packet that is not IP"),
    (0, b"\x02\0", "cut off before the IP header"),
    (113, struct.pack("!HHH8sH", 4, 824, 0, b"", 0) + bytes(40), "netlink"),
    (127, bytes(40), "link type 127 (802.11 radiotap) is not supported"),
    (4000, bytes(40), "link type 4000 is not supported"),
    (101, b"\x60" + bytes(5) + b"\x11" + bytes(40), "not TCP: UDP"),
    (101, b"\x45" + bytes(8) + b"\x01" + bytes(10), "not TCP: ICMP"),
    (101, b"\x45" + bytes(8) + b"\xfd" + bytes(10), "not TCP: IP protocol 253"),
    (101, b"\x45" + bytes(8) + b"\x06", "header cut off by the capture"),
    (101, b"", "not IP"),
)


@pytest.mark.parametrize(("link", "data", "reason"), REASONS)
def test_what_cannot_be_read_is_counted_in_words(tmp_path: Path, link: int, data: bytes, reason: str) -> None:
    path = tmp_path / "capture"
    path.write_bytes(pcap([Frame(data), Frame(data)], link=link))
    assert ours(path).skipped == Counter({reason: 2})


def test_an_unknown_interface_and_a_log_entry_are_counted_and_numbered(tmp_path: Path) -> None:
    good = Frame(ethernet(conversation(4)[0]))
    path = tmp_path / "capture"
    path.write_bytes(Ng().section().interface().block(9, b"entry=1\n").enhanced(good, 7).enhanced(good).data)
    told = ours(path)
    assert [row.number for row in told.rows] == [3]
    assert set(told.skipped) == {
        "not a packet (a log entry, system call or custom block)",
        "packet of an interface that the file does not describe",
    }


@pytest.mark.parametrize("cut", range(0, 80, 3))
def test_short_snap_lengths_give_the_right_payload_length_or_a_reason(tmp_path: Path, cut: int) -> None:
    whole = [Frame(ethernet(packet)) for packet in conversation(4, payload=b"x" * 100)]
    path = tmp_path / "capture"
    path.write_bytes(pcap([frame._replace(cut=cut) for frame in whole]))
    told = ours(path)
    if cut >= 54:
        assert [row.length for row in told.rows] == [0, 100, 200, 300] * 2
    else:
        assert not told.rows
        assert told.skipped.total() == 8


@pytest.mark.parametrize("seed", range(20))
def test_a_damaged_tunnel_is_read_or_counted(tmp_path: Path, seed: int) -> None:
    """Whatever stands in the headers: every record is a segment that the exact decoder reads too, or has its reason."""
    chance, damaged = random.Random(seed), list[Frame]()
    link, wrap = chance.choice(list(ENCAPSULATIONS.values()))
    for _ in range(100):
        data = bytearray(wrap(chance.choice(conversation(chance.choice([4, 6])))))
        for _ in range(chance.choice([1, 1, 2, 5])):
            data[min(int(chance.expovariate(1 / 30)), len(data) - 1)] = chance.choice(
                [0, 1, 255, chance.randrange(256)]
            )
        damaged.append(Frame(bytes(data), cut=chance.choice([None, None, chance.randrange(len(data))])))
    path = tmp_path / "capture"
    path.write_bytes(pcap(damaged, link=link))
    reading, segments = Reading(str(path)), 0
    for chunk in reading:
        segments += len(chunk)
        assert [int(chunk.exact(row).segment.seq) for row in range(len(chunk))] == chunk.columns.seq.tolist()
    assert segments + reading.skipped.total() == reading.records == len(damaged)
