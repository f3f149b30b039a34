"""Recordings: what Scapy and tshark read is what was written, comments included."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from scapy.utils import RawPcapNgReader

from probe.spec.segment import ACK, SYN, Endpoint, Flow, Segment
from probe.spec.seq import Seq
from probe.wire.craft import pack
from probe.wire.errors import WireError
from probe.wire.record import Recorder

V4 = pack(Flow(Endpoint("192.0.2.1", 40000), Endpoint("192.0.2.2", 80)), Segment(Seq(5), flags=SYN))
V6 = pack(Flow(Endpoint("2001:db8::1", 1), Endpoint("2001:db8::2", 2)), Segment(Seq(9), flags=ACK, length=3))
TIME = 1_700_000_000.123456


def record(path: Path) -> None:
    with Recorder(path, "run of a test") as recorder:
        assert recorder.add(V4, TIME, ["step 1", "state SYN-SENT → ?"], sent=True) == 1
        assert recorder.add(V6, TIME + 1) == 2


def test_scapy_reads_back_packets_times_and_comments(tmp_path: Path) -> None:
    record(tmp_path / "run.pcapng")
    with RawPcapNgReader(str(tmp_path / "run.pcapng")) as reader:
        packets = list(reader)
    assert [data for data, _ in packets] == [V4, V6]
    meta = packets[0][1]
    assert (meta.linktype, meta.wirelen, meta.comments) == (101, len(V4), [b"step 1", "state SYN-SENT → ?".encode()])
    assert ((meta.tshigh << 32) + meta.tslow) / meta.tsresol == pytest.approx(TIME, abs=1e-6)


@pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed")
def test_tshark_shows_comments_section_and_direction(tmp_path: Path) -> None:
    path = tmp_path / "run.pcapng"
    record(path)
    fields = ["frame.comment", "tcp.flags.str", "frame.time_epoch", "frame.packet_flags_direction"]
    command = ["tshark", "-r", str(path), "-T", "fields", *(part for name in fields for part in ("-e", name))]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert lines[0].startswith("step 1,state SYN-SENT → ?\t")
    assert "1700000000.123456" in lines[0]
    assert lines[0].endswith(("2", "0x00000002", "0x2"))
    info = subprocess.run(["capinfos", str(path)], check=True, capture_output=True, text=True).stdout
    assert "run of a test" in info
    assert "probe " in info
    assert "nanoseconds" in info


def test_packets_are_in_the_file_after_a_flush(tmp_path: Path) -> None:
    with Recorder(tmp_path / "run.pcapng") as recorder:
        before = (tmp_path / "run.pcapng").stat().st_size
        recorder.add(V4, TIME)
        recorder.flush()
        assert (tmp_path / "run.pcapng").stat().st_size == before + 32 + 40


def test_an_endless_comment_is_cut_between_characters(tmp_path: Path) -> None:
    with Recorder(tmp_path / "run.pcapng") as recorder:
        recorder.add(V4, TIME, ["é" * 40000])
    with RawPcapNgReader(str(tmp_path / "run.pcapng")) as reader:
        (comment,) = next(reader)[1].comments
    assert comment.decode() == "é" * 32767


def test_a_file_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(WireError, match=r"cannot write .*run\.pcapng \(no such file or directory\); name a file"):
        Recorder(tmp_path / "nowhere" / "run.pcapng")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_full_disk_ends_in_one_sentence() -> None:
    with pytest.raises(WireError, match="no space left on device"):
        Recorder("/dev/full")
