"""One connection out of a file: the numbers are those of `probe replay` and Wireshark, the packets all of it."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from probe.replay.extracting import extract
from probe.spec.segment import ACK, FIN, PSH, RST, SYN, Endpoint, Flow, Segment
from probe.spec.seq import Seq
from probe.wire.craft import pack
from probe.wire.errors import TargetError
from probe.wire.record import Recorder

SERVER = Endpoint("192.0.2.2", 80)
CLIENTS = [Endpoint("192.0.2.1", 40000 + n) for n in range(3)] + [Endpoint("192.0.2.9", 40000)]


def mixed(path: Path, count: int, seed: int) -> None:
    """Segments of few four-tuples that open, close, come out of nowhere and open again."""
    chance = random.Random(seed)
    with Recorder(path) as recorder:
        for number in range(count):
            flow = Flow(chance.choice(CLIENTS), SERVER)
            flags = chance.choice([SYN, SYN, SYN | ACK, ACK, ACK | PSH, FIN | ACK, RST])
            length = 5 if flags & PSH else 0
            segment = Segment(
                Seq(chance.choice([100, 100, 5000])), Seq(chance.choice([101, 5001])), flags, length=length
            )
            recorder.add(pack(flow if chance.random() < 0.6 else flow.reversed(), segment), 1000 + number * 0.01)


@pytest.mark.parametrize("seed", range(5))
def test_numbers_are_wiresharks(seed: int, tmp_path: Path) -> None:
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    file = tmp_path / "mixed.pcapng"
    mixed(file, 120, seed)
    command = ["tshark", "-2", "-r", str(file), "-T", "fields", "-e", "frame.number", "-e", "tcp.stream"]
    streams: dict[int, list[int]] = {}
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        frame, stream = line.split("\t")
        streams.setdefault(int(stream), []).append(int(frame))
    found = {index: [p.number for p in extract(str(file), index).packets] for index in streams}
    assert found == streams
    with pytest.raises(TargetError, match=f"it holds {len(streams)} connections"):
        extract(str(file), len(streams))


def test_first_with_its_clients_syn_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "two.pcapng"
    with Recorder(file) as recorder:
        recorder.add(pack(Flow(CLIENTS[0], SERVER), Segment(Seq(7), Seq(1), ACK)), 1.0)
        recorder.add(pack(Flow(CLIENTS[1], SERVER), Segment(Seq(9), flags=SYN)), 2.0)
        recorder.add(pack(Flow(SERVER, CLIENTS[1]), Segment(Seq(5), Seq(10), SYN | ACK)), 3.0)
    found = extract(str(file))
    assert (found.index, found.client, found.server) == (1, CLIENTS[1], SERVER)
    assert [(p.number, p.from_client, p.segment.flags) for p in found.packets] == [
        (2, True, SYN),
        (3, False, SYN | ACK),
    ]


def test_truncated_file_gives_what_was_read_and_says_so(tmp_path: Path) -> None:
    file = tmp_path / "cut.pcapng"
    with Recorder(file) as recorder:
        recorder.add(pack(Flow(CLIENTS[1], SERVER), Segment(Seq(9), flags=SYN)), 2.0)
        recorder.add(pack(Flow(SERVER, CLIENTS[1]), Segment(Seq(5), Seq(10), SYN | ACK)), 3.0)
    file.write_bytes(file.read_bytes()[:-20])
    found = extract(str(file))
    assert len(found.packets) == 1
    assert "the rest of the file was not read" in found.warning


@pytest.mark.parametrize("count", [20_000, 20_001])
def test_endless_connection_is_refused(count: int, tmp_path: Path) -> None:
    file = tmp_path / "long.pcapng"
    packet = pack(Flow(CLIENTS[0], SERVER), Segment(Seq(9), flags=SYN))
    with Recorder(file) as recorder:
        for number in range(count):
            recorder.add(packet, 2.0 + number * 0.001)
    if count == 20_000:
        assert len(extract(str(file)).packets) == count
        return
    with pytest.raises(TargetError, match="more than 20,000"):
        extract(str(file))
