"""ICMP errors are told with the connection whose segment they quote, wherever a file is cut, and change no verdict."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from probe.capture.reader import Part
from probe.replay.extracting import extract
from probe.replay.part import replay_part
from probe.replay.run import ReplayOptions, replay
from probe.replay.tally import Asked
from probe.reports import data
from probe.results.connection import Connection, IcmpReport
from probe.results.verdict import Verdict
from probe.spec.icmp import Icmp, IcmpKind
from probe.spec.segment import ACK, RST, SYN
from tests.capture.build import FOUR_A, FOUR_B, SIX_A, SIX_B, frames, ipv4, ipv6, pcap, tcp
from tests.capture.fragmented import error4, error6
from tests.replay.test_one_path import in_parts


def segment4(flags: int, *, port: int = 40000, back: bool = False, seq: int = 1, ack: int = 0) -> bytes:
    """A segment of the client, or of the server."""
    source, target = (FOUR_B, FOUR_A) if back else (FOUR_A, FOUR_B)
    ports = (80, port) if back else (port, 80)
    return ipv4(tcp(source + target, *ports, seq, ack, flags), source, target)


SYN6 = ipv6(tcp(SIX_A + SIX_B, 40000, 80))
FILTERED = IcmpReport(Icmp("10.0.0.254", 4, 3, 13), about_client=True)


def judged(folder: Path, packets: list[bytes]) -> list[Connection]:
    """The connections of a capture of these packets."""
    path = folder / "capture"
    path.write_bytes(pcap(frames(packets)))
    return sorted(replay(ReplayOptions((str(path),), workers=1)).listed, key=lambda c: c.index)


def test_an_error_about_each_end(tmp_path: Path) -> None:
    syn, answer = segment4(SYN), segment4(SYN | ACK, back=True, seq=7, ack=2)
    (one,) = judged(tmp_path, [syn, error4(syn, 3, 13), answer, error4(answer, 11, 0), error4(syn, 3, 13, keep=500)])
    assert set(one.icmp) == {FILTERED, IcmpReport(Icmp("10.0.0.254", 4, 11, 0), about_client=False)}
    assert one.packets == 2
    assert data.connection(one)["icmp"] == [
        {
            "host": "10.0.0.254",
            "type": kind,
            "code": code,
            "mtu": 0,
            "text": text,
            "about": about,
        }
        for kind, code, text, about in (
            (3, 13, "administratively prohibited", "client"),
            (11, 0, "hop limit exceeded in transit", "server"),
        )
    ]


def test_an_error_of_icmpv6(tmp_path: Path) -> None:
    (one,) = judged(tmp_path, [SYN6, error6(SYN6, 1, 1)])
    assert one.icmp == (IcmpReport(Icmp("2001:db8::fe", 6, 1, 1), about_client=True),)


def test_an_error_is_about_the_last_connection_that_began_before_it(tmp_path: Path) -> None:
    first, second, other = segment4(SYN), segment4(SYN, seq=99), segment4(SYN, port=7)
    found = judged(tmp_path, [error4(first, 3, 1), first, error4(first, 3, 13), other, second, error4(second, 3, 0)])
    assert [[report.icmp.code for report in one.icmp] for one in found] == [[13], [], [0]]


def test_what_is_told_of_the_same_shape_with_and_without(tmp_path: Path) -> None:
    """The errors are part of the shape, and the verdict is the same."""
    path = tmp_path / "capture"
    syns = [segment4(SYN, port=port) for port in (1000, 1001)]
    path.write_bytes(pcap(frames([*syns, error4(syns[1], 3, 13)])))
    result = replay_part(Part(str(path)), Asked(str(path)), last=True)
    assert {record.icmp for record in result.found} == {frozenset(), frozenset({(IcmpKind.UNREACHABLE, True)})}
    assert {record.pair.word for record in result.found} == {Verdict.PASS}


@pytest.mark.parametrize("cut", range(1, 8))
def test_cuts_change_nothing(cut: int, tmp_path: Path) -> None:
    syn, late = segment4(SYN), segment4(SYN, port=7)
    reset = segment4(RST | ACK, back=True, ack=2, seq=0)
    packets = [syn, late, error4(syn, 3, 13), SYN6, reset, error4(late, 3, 1), error6(SYN6, 1, 4), error4(syn, 3, 9)]
    whole = judged(tmp_path, packets)
    path = tmp_path / "capture"
    ends = list(itertools.accumulate((16 + len(one.data) for one in frames(packets)), initial=24))
    assert in_parts(path, [ends[cut]]) == whole
    assert [len(one.icmp) for one in whole] == [2, 1, 1]
    found = extract(str(path), 0)
    assert found.connection == whole[0]
    assert [(one.packet, one.icmp.code) for one in found.icmp] == [(3, 13), (8, 9)]
    assert [one.packet for one in extract(str(path), 1).icmp] == [6]


def test_those_of_the_next_connection_are_not_told(tmp_path: Path) -> None:
    first, second = segment4(SYN), segment4(SYN, seq=99)
    judged(tmp_path, [first, error4(first, 3, 13), second, error4(second, 3, 0)])
    found = [extract(str(tmp_path / "capture"), index).icmp for index in (0, 1)]
    assert [[(one.packet, one.icmp.code) for one in some] for some in found] == [[(2, 13)], [(4, 0)]]
