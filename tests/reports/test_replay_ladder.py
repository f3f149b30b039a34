"""The ladder of a captured connection: both ends' states beside every segment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from probe.reports.builders import replay as builder
from probe.reports.formats.text import Style
from probe.results.connection import Connection, Opener, Packet
from tests.reports.captured import PACKETS, broken, connection, packet, replay
from tests.reports.rendering import as_text

HEAD = 5


def ladder(found: Connection, packets: Sequence[Packet], style: Style) -> str:
    return as_text(builder.shown(replay(found), [(found, packets, ())]), style)


def rungs(text: str) -> list[str]:
    return [line for line in text.splitlines() if re.match(r" +\d+ +\d+\.\d\d ", line)]


def test_each_segment_stands_between_the_states_of_both_ends() -> None:
    lines = rungs(ladder(connection(), PACKETS, Style(100)))
    assert len(lines) == len(PACKETS)
    assert lines[0].endswith("S seq 0 --------------------->") or lines[0].endswith(">")
    synack, last = lines[1], lines[-1]
    assert re.match(r"    2      2\.00  SYN-SENT +<-+ S\. seq 0 ack 1 -+  SYN-RECEIVED$", synack)
    assert re.match(r"    9      9\.00  TIME-WAIT +-+ \. seq 102 ack 302 -+>  CLOSED$", last)


def test_the_head_tells_what_it_became() -> None:
    text = " ".join(ladder(connection(opener=Opener.SIMULTANEOUS), PACKETS, Style(100)).split())
    assert text.startswith("connection 0 of a.pcap: pass 192.0.2.2:50000 > 192.0.2.1:80, started 2023-11-14 22:13:20")
    assert "handshake followed (simultaneous), close four-way; evidence: complete" in text
    assert "Zeek SF ShADadFaf; Wireshark completeness 31" in text


def test_the_packets_of_a_finding_are_marked_and_it_is_told() -> None:
    text = ladder(broken(), PACKETS, Style(100))
    assert text.count("^ close.fin-acked") == 2
    assert "FAIL connection 7: close.fin-acked" in text


def test_a_long_run_of_data_is_only_counted() -> None:
    data = [packet(10 + i, ">", "P.", 101 + i, 301, 1) for i in range(50)]
    text = ladder(connection(), [*PACKETS[:3], *data, *PACKETS[5:]], Style(100))
    assert " 44 segments of data and acknowledgments " in text
    assert len(rungs(text)) == 3 + 6 + 4


def test_numbers_of_a_connection_without_its_start_count_from_the_first_seen() -> None:
    lines = rungs(ladder(connection(client_states=(), server_states=()), PACKETS[6:], Style(100)))
    assert "< " not in lines[0]
    assert " . seq 0 ack 0 " in lines[0]
    assert " . seq 0 ack 1 " in lines[-1]


def test_the_times_of_a_connection_that_lasts_for_days_keep_off_the_numbers() -> None:
    late = [replace(p, time=p.time + n * 86_400) for n, p in enumerate(PACKETS)]
    assert len(rungs(ladder(connection(), late, Style(100)))) == len(PACKETS)


def test_faults_of_a_segment_are_named() -> None:
    odd = packet(4, ">", ".", 1, 1, faults=("checksum",))
    assert "(checksum)" in ladder(connection(), [*PACKETS[:3], odd], Style(100))


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_it_keeps_to_the_width(width: int) -> None:
    assert max(map(len, ladder(broken(), PACKETS, Style(width)).splitlines()[:-1])) <= width
