"""What is told of captures on request: the timeline, oddities, and ICMP errors in a ladder."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from probe.reports.builders import replay as builder
from probe.reports.formats.text import Style
from probe.results.connection import IcmpReport, Oddity, OddPacket
from probe.results.timeline import Timeline, TimelineRow
from probe.spec.icmp import Icmp
from tests.reports.captured import PACKETS, connection, replay
from tests.reports.rendering import as_data, as_markdown, as_text, captures, document

ODD = connection(3, oddities=(OddPacket(Oddity.EARLY_TEXT, 5),))
FILTERED = IcmpReport(Icmp("192.0.2.9", 4, 3, 13), about_client=True)
ROWS = (TimelineRow(1_800_000_000, 5, 0, 0, 0, 1), TimelineRow(1_800_000_300, 0, 3, 0, 0, 0))
FOUND = replace(
    replay(connection(0), ODD), timeline=Timeline(300.0, ROWS), oddities={Oddity.EARLY_TEXT: 7}
)  # fmt: skip


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_timeline_fits_the_terminal(width: int) -> None:
    told = as_text(document(captures(FOUND, timeline=True)), Style(width)).splitlines()
    title = told.index("Timeline from 2027-01-15 08:00:00 UTC, 300 s a line")
    rows = told[title : title + 5]
    assert max(map(len, rows)) <= width
    assert rows[1].split() == ["from", "opened", "closed", "reset", "refused", "unanswered", *["all"] * (width > 64)]
    assert [row.split()[2:7] for row in rows[3:]] == [["5", "0", "0", "0", "1"], ["0", "3", "0", "0", "0"]]
    assert [row.split()[0:2] for row in rows[3:]] == [["01-15", "08:00"], ["01-15", "08:05"]]


def test_what_was_not_asked_for_is_not_told() -> None:
    told = as_text(document(captures(FOUND)))
    assert "Timeline" not in told
    assert "Oddities" not in told
    assert "Timeline" not in as_text(document(captures(replay(connection(0)), timeline=True)))


def test_the_data_has_both_always() -> None:
    read = json.loads(as_data(document(captures(FOUND))))
    assert read["timeline"]["seconds"] == 300.0
    assert [row["closed"] for row in read["timeline"]["rows"]] == [0, 3]
    assert read["counts"]["oddities"] == {"early-text": 7}
    assert read["connections"][1]["oddities"] == [{"kind": "early-text", "packet": 5}]


def test_oddities_have_an_example_and_a_clause() -> None:
    made = document(captures(FOUND, oddities=True))
    told = " ".join(as_text(made, Style(200)).split())
    assert "early-text 7 3, packet 5 the server sends text before" in told
    assert "RFC 9293 3.10.7.4 fifth" in told
    assert "only --show N looks at every packet" in told
    assert "early-text" in as_markdown(made)
    assert "none; old-timestamp" in as_text(document(captures(replay(connection(0)), oddities=True)))


def test_one_connection_alone_tells_what_is_odd_and_who_reported_what() -> None:
    one = replace(ODD, icmp=(FILTERED,))
    told = " ".join(as_text(builder.shown(replay(one), [(one, PACKETS, ())])).split())
    assert "odd, packet 5: the server sends text before the client acknowledged its SYN,ACK" in told
    assert "ICMP about a segment of the client: administratively prohibited, says 192.0.2.9" in told


def test_an_icmp_error_stands_in_the_ladder() -> None:
    one = replace(ODD, icmp=(replace(FILTERED, packet=2, time=PACKETS[1].time),))
    told = as_text(builder.shown(replay(one), [(one, PACKETS[:1] + PACKETS[2:], ())])).splitlines()
    place = next(place for place, line in enumerate(told) if "ICMP administratively prohibited -" in line)
    assert told[place - 1].split()[0] == "1"
    assert told[place].split()[0] == "2"
    assert "<-- ICMP" in told[place]
    assert "(from 192.0.2.9, type 3 code 13)" in " ".join(told[place : place + 2])
    (read,) = json.loads(as_data(builder.shown(replay(one), [(one, PACKETS, ())])))["connections"]
    assert read["icmp"][0]["packet"] == 2
