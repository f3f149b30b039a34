"""Files, folders, pipes and gzip."""

from __future__ import annotations

import gzip
import io
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from probe.capture.errors import CaptureError
from probe.capture.sources import find
from tests.capture.build import Ng, conversation, frames, pcap
from tests.capture.witness import ours

FRAMES = frames(conversation(4) + conversation(6))
DATA = pcap(FRAMES)


def test_folders_are_searched_for_captures_by_their_first_octets(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "a.txt").write_bytes(DATA)
    (tmp_path / "b" / "x").write_bytes(gzip.compress(DATA))
    (tmp_path / "b" / "y.pcapng").write_bytes(Ng().section().data)
    (tmp_path / "c.pcap").write_text("no capture")
    (tmp_path / "d.gz").write_bytes(gzip.compress(b"no capture"))
    (tmp_path / "loop").symlink_to(tmp_path)
    found = find([str(tmp_path), "-", str(tmp_path / "c.pcap")])
    wanted = [tmp_path / "a.txt", tmp_path / "b" / "x", tmp_path / "b" / "y.pcapng"]
    assert found.files == (*map(str, wanted), "-", str(tmp_path / "c.pcap"))
    assert found.passed_over == (
        (str(tmp_path / "c.pcap"), "not a capture file"),
        (str(tmp_path / "d.gz"), "not a capture file"),
    )


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="no such file or folder"):
        find([str(tmp_path / "none")])
    told = ours(tmp_path / "none")
    assert told.error is not None
    assert told.error.reason == "cannot be opened: No such file or directory"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    told = ours(tmp_path)
    assert told.error is not None
    assert told.error.reason == "cannot be opened: Is a directory"


def test_gzip_of_several_members_and_padding(tmp_path: Path) -> None:
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    plain.write_bytes(DATA)
    packed.write_bytes(gzip.compress(DATA[:500]) + gzip.compress(b"") + gzip.compress(DATA[500:]) + bytes(100_000))
    for chunk in (100, 1 << 20):
        assert ours(packed, chunk=chunk) == ours(plain)


def test_a_gzip_that_ends_early_gives_all_that_can_be_unpacked(tmp_path: Path) -> None:
    noise = random.Random(1).randbytes(40_000)
    data = pcap(frames(conversation(4, 2, noise)))
    packed = gzip.compress(data)
    path = tmp_path / "capture"
    path.write_bytes(packed[: len(packed) - 20_000])
    told = ours(path)
    assert [row.length for row in told.rows] == [0]
    assert told.error is not None
    assert (told.error.offset, told.error.reason) == (24 + 76, "the gzip data ends early")


def test_a_damaged_gzip_gives_all_before_the_damage(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(DATA, mtime=0))
    packed[-8] ^= 1  # the check value: every octet is still there
    path = tmp_path / "capture"
    path.write_bytes(packed)
    told = ours(path)
    assert len(told.rows) == len(FRAMES)
    assert told.error is not None
    assert (told.error.offset, told.error.reason) == (len(DATA), "the gzip data is damaged (incorrect data check)")


def test_rubbish_behind_a_gzip_member_is_told(tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(gzip.compress(DATA) + b"rubbish")
    told = ours(path)
    assert len(told.rows) == len(FRAMES)
    assert told.error is not None
    assert told.error.reason.startswith("the gzip data is damaged")


@pytest.mark.parametrize("data", [DATA, gzip.compress(DATA)], ids=["plain", "gzip"])
def test_standard_input(data: bytes) -> None:
    code = "from tests.capture.witness import ours; told = ours('-'); print(len(told.rows), told.records, told.error)"
    done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=True, timeout=60)
    assert done.stdout.decode().split() == [str(len(FRAMES)), str(len(FRAMES)), "None"]


def test_a_named_pipe_that_gives_octet_by_octet(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    code = "import sys; f = open(sys.argv[1], 'wb', 0); [f.write(bytes((b,))) for b in sys.stdin.buffer.read()]"
    with subprocess.Popen([sys.executable, "-c", code, str(pipe)], stdin=subprocess.PIPE) as writer:
        assert writer.stdin is not None
        writer.stdin.write(gzip.compress(DATA))
        writer.stdin.close()
        told = ours(pipe)
    assert len(told.rows) == len(FRAMES)


def test_reading_that_fails_is_a_capture_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "capture"
    path.write_bytes(DATA)

    class Failing(io.FileIO):
        def readinto(self, buffer: object) -> int:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "open", lambda path, *_, **__: Failing(path))
    told = ours(path)
    assert told.error is not None
    assert told.error.reason == "reading failed: Input/output error"
