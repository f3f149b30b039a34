"""tshark's streams: which packets it puts together and the completeness it gives them; captures written for it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

from probe.replay.views.wireshark import Numbers, after, completeness, starts_new
from probe.results.connection import Packet
from probe.spec.segment import Endpoint, Flow, Segment
from probe.wire.craft import pack
from probe.wire.record import Recorder


class Stream(NamedTuple):
    """Packet numbers of one stream and its completeness."""

    packets: tuple[int, ...]
    completeness: int


def tshark_streams(path: Path) -> list[Stream]:
    """The streams in two passes, by tshark's number; skips the test where tshark is missing."""
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    command = ["tshark", "-n", "-2", "-r", str(path), "-Y", "tcp && !icmp && !icmpv6", "-T", "fields"]
    for field in ("frame.number", "tcp.stream", "tcp.completeness"):
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=True)
    packets: dict[int, list[int]] = {}
    bits: dict[int, int] = {}
    for line in done.stdout.splitlines():
        number, stream, shown = (int(cell) for cell in line.split("\t"))
        packets.setdefault(stream, []).append(number)
        bits[stream] = bits.get(stream, 0) | shown
    return [Stream(tuple(packets[stream]), bits[stream]) for stream in sorted(packets)]


class Script(NamedTuple):
    """Packets of one four-tuple, in order: who sent it, and what."""

    flow: Flow
    packets: list[tuple[bool, Segment]]


def flow_number(index: int) -> Flow:
    """A four-tuple for each number below 120,000; every second one is IPv6."""
    low, high = ("2001:db8::1", "2001:db8:1::1") if index % 2 else ("10.1.0.1", "10.2.0.1")
    return Flow(Endpoint(low, 1024 + index // 2), Endpoint(high, 999))


def write(path: Path, scripts: Iterable[Script]) -> None:
    """The scripts one after another in one capture, a millisecond between packets."""
    number = 0
    with Recorder(path) as recorder:
        for flow, packets in scripts:
            for from_client, segment in packets:
                recorder.add(pack(flow if from_client else flow.reversed(), segment), number * 1e-3)
                number += 1


def our_streams(scripts: Iterable[Script]) -> list[Stream]:
    """What our rule and our number make of them."""
    streams: list[Stream] = []
    number = 0
    for _, packets in scripts:
        numbers, current, reused = Numbers(), list[Packet](), False
        for from_client, segment in packets:
            if current and starts_new(numbers, segment, from_client=from_client):
                streams.append(_stream(current, reused=reused))
                numbers, current, reused = Numbers(), [], True
            number += 1
            current.append(Packet(number, number * 1e-3, from_client, segment))
            numbers = after(numbers, segment, from_client=from_client)
        streams.append(_stream(current, reused=reused))
    return streams


def _stream(packets: list[Packet], *, reused: bool) -> Stream:
    return Stream(tuple(packet.number for packet in packets), completeness(packets, reused=reused))
