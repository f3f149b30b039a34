"""tshark reads the same numbers: every link type, every kind of file, converted and merged files, recorded traffic."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.capture.build import EVENING, LINKS, Frame, Ng, fair_packets, frames, pcap
from tests.capture.witness import ours, tshark

# Wireshark knows no NULL capture of a Linux machine: there is none, but files with its AF_INET6 are about.
KNOWN = [name for name in LINKS if name != "null linux little"]


def agrees(path: Path) -> None:
    """Our rows are tshark's rows."""
    theirs = tshark(path)
    assert ours(path).rows == theirs
    assert theirs


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize(("order", "nano"), [("<", False), (">", True)])
def test_pcap_of_every_link_type(tmp_path: Path, name: str, order: str, nano: bool) -> None:
    path = tmp_path / "capture"
    path.write_bytes(pcap(frames(fair_packets(), name), link=LINKS[name][0], order=order, nano=nano))
    agrees(path)


@pytest.mark.parametrize("cut", [62, 74, 90])
def test_short_snap_lengths(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "capture"
    whole = [packet for packet in fair_packets() if len(packet) < 500]
    path.write_bytes(pcap([frame._replace(cut=cut) for frame in frames(whole)], snap=cut))
    agrees(path)


def test_pcapng_with_all_there_is(tmp_path: Path) -> None:
    builder = Ng()
    for order in "<><":
        builder.section(order, "a section")
        clocks = [(None, None, 1000), (9, None, 1), (3, 7, 10**6), (9, -60, 1)]
        for resolution, offset, _ in clocks:
            builder.interface(1, 0, resolution, offset)
        for index, frame in enumerate(frames(fair_packets())):
            clock = index % len(clocks)
            builder.enhanced(frame, clock, ticks=frame.time // clocks[clock][2], comments=["a", "b"])
            builder.block(0x0BAD, bytes(8)).obsolete(frame).block(9, b"__REALTIME_TIMESTAMP=1\n").block(77, b"?")
    path = tmp_path / "capture.pcapng"
    path.write_bytes(builder.data)
    agrees(path)


def test_simple_packets(tmp_path: Path) -> None:
    builder = Ng().section(">").interface(snap=98)
    for frame in frames(fair_packets()):
        builder.simple(frame._replace(cut=98))
    path = tmp_path / "capture.pcapng"
    path.write_bytes(builder.data)
    agrees(path)


def tool(*command: str | Path) -> None:
    """Run a tool of Wireshark's; skips the test where it is missing."""
    if shutil.which(str(command[0])) is None:
        pytest.skip(f"{command[0]} is not installed")
    subprocess.run([str(word) for word in command], check=True, capture_output=True, timeout=60)


@pytest.mark.parametrize("form", ["pcap", "nsecpcap", "modpcap", "pcapng"])
def test_files_that_editcap_writes(tmp_path: Path, form: str) -> None:
    path, out = tmp_path / "in", tmp_path / "out"
    path.write_bytes(pcap(frames(fair_packets(), "sll"), link=113, nano=True))
    tool("editcap", "-F", form, path, out)
    agrees(out)


def test_files_that_mergecap_writes(tmp_path: Path) -> None:
    parts = []
    for name in KNOWN:
        parts.append(tmp_path / name.replace(" ", "-"))
        parts[-1].write_bytes(pcap(frames(fair_packets(), name), link=LINKS[name][0]))
    tool("mergecap", "-F", "pcapng", "-w", tmp_path / "out", *parts)
    agrees(tmp_path / "out")


def test_two_files_one_after_the_other(tmp_path: Path) -> None:
    one, two = Ng().section("<").interface(101), Ng().section(">").interface()
    for packet, frame in zip(fair_packets(), frames(fair_packets()), strict=True):
        one.enhanced(Frame(packet, EVENING))
        two.enhanced(frame)
    path = tmp_path / "capture.pcapng"
    path.write_bytes(one.data + two.data)
    agrees(path)
