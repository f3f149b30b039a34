"""The report on captures for people: the answer first, the worst connections, findings in full, a line for grep."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import pytest

from probe.reports import data
from probe.reports import document as doc
from probe.reports.builders import captured
from probe.reports.builders.captured import short_names
from probe.reports.formats.text import Style
from probe.reports.paint import Paint
from probe.results.connection import Close, Evidence, Handshake, Opener, Recording, Replay, Stop
from probe.results.verdict import Verdict, Why
from probe.spec.segment import Endpoint
from tests.reports.captured import CLIENT, broken, connection, replay
from tests.reports.records import exchange, report, run
from tests.reports.rendering import as_text, captures, document

REFUSED = connection(
    8, handshake=Handshake.REFUSED, close=Close.NONE, client_states=CLIENT[:1], server_states=(), rtt=None, syn_again=2
)
PARTIAL = connection(
    9, handshake=Handshake.NOT_SEEN, opener=Opener.MID_STREAM, close=Close.RESET_BY_SERVER,
    evidence=Evidence.MID_CONNECTION,
    client_states=(), server_states=(), rtt=None, conn_state="OTH", history="DdADR",
)  # fmt: skip
SIX = connection(10, client=Endpoint("2001:db8:1:2:3:4:5:6", 50000), server=Endpoint("2001:db8::1", 443))
MIXED = replay(connection(0), broken(7), REFUSED, PARTIAL, SIX, skipped={"not TCP": 12, "a fragment": 1}, seconds=0.5)


@dataclass(frozen=True)
class Scope:
    """What was asked for."""

    limit: int | None = 20
    filters: tuple[str, ...] = ()


def render(found: Replay, style: Style | None = None, *, scope: Scope | None = None, exit_code: int) -> str:
    asked = scope or Scope()
    told = captures(found, limit=asked.limit, filters=asked.filters)
    return as_text(document(told, code=exit_code), style)


def recording_heading(one: Recording, style: Style) -> str:
    return as_text(document(captures(None, one)), style)


def text(*, width: int = 120, scope: Scope | None = None, **fields: Any) -> str:  # noqa: ANN401
    found = replace(MIXED, **fields) if fields else MIXED
    return render(found, Style(width), scope=scope, exit_code=1)


def test_what_was_not_judged_to_its_end_says_where_and_why() -> None:
    stop = Stop(4117, 90210, Why.TOO_MANY_HISTORIES)
    one = connection(0, verdict=Verdict.INCONCLUSIVE, evidence=Evidence.UNJUDGED, stopped=stop)
    told = " ".join(render(replay(one), exit_code=3).split())
    assert "verdict inconclusive 1" in told
    assert "evidence not judged to the end 1" in told
    assert "judged to packet 4,117 of 90,210" in told
    assert data.connection(one)["stopped"] == {"packet": 4117, "last": 90210, "why": "too-many-histories"}
    case = captured.case(one, frozenset())
    assert (case.end, case.message.partition(":")[0]) == (doc.CaseEnd.SKIPPED, "inconclusive")
    assert "judged to packet 4,117 of 90,210" in case.message


def test_the_answer_comes_first() -> None:
    lines = text().splitlines()
    assert lines[:7] == [
        "a.pcap: 5 connections in 45 records, profile rfc9293, 0.5 s",
        "  handshake   followed 3, refused 1, not seen 1",
        "  close       four-way 3, none 1, reset by server 1",
        "  verdict     pass 4, fail 1",
        "  evidence    complete 4, starts in mid-connection 1",
        "  skipped     13 records: not TCP 12, a fragment 1",
        "",
    ]


def test_the_last_line_counts_and_names_the_exit_code() -> None:
    last = text().splitlines()[-1]
    assert last == "probe: 5 connections, 4 pass, 1 fail, 0 warn, 0 inconclusive, 0 skip; exit 1"
    cut = replay(connection(), interrupted=True)
    assert render(cut, exit_code=130).splitlines()[-1] == (
        "probe: 1 connection, 1 pass, 0 fail, 0 warn, 0 inconclusive, 0 skip, interrupted; exit 130"
    )


def test_a_row_shows_both_ends() -> None:
    lines = text(width=120).splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("7 "))
    client, server = (re.split(r" {2,}", line) for line in lines[first : first + 2])
    assert client == ["7", "192.0.2.2:50007", "SS ES F1 F2 TW", "followed", "0.123", "SF", "31", "fail"]
    assert server == ["", "192.0.2.1:80", "SR ES CW LA CL", "four-way", "0/0/0", "ShADadFaf", "close.fin-acked"]


def test_a_wide_terminal_has_one_line_a_connection() -> None:
    row = next(line for line in text(width=240).splitlines() if line.startswith("8 "))
    cells = ["8", "192.0.2.2:50008", "192.0.2.1:80", "refused", "none", "SS", "-", "2/0/0", "-"]
    assert re.split(r" {2,}", row)[: len(cells)] == cells


def test_a_finding_is_told_in_full() -> None:
    shown = text()
    assert "FAIL connection 7: close.fin-acked (SPEC, RFC 9293 3.6 case 2)" in shown
    for label, value in (("ends", "192.0.2.2:50007 > 192.0.2.1:80"), ("due", ". seq 301 ack 102"), ("packets", "7, 8")):
        assert re.search(rf"^  {label} +{re.escape(value)}$", shown, re.MULTILINE)


def test_what_the_limit_leaves_out_is_counted() -> None:
    shown = text(scope=Scope(limit=2))
    assert "3 more not shown" in shown
    assert "50008" not in shown
    assert "more not shown" not in text(scope=Scope(limit=None))
    assert "FAIL" not in text(scope=Scope(limit=0))


def test_a_damaged_file_names_the_octet() -> None:
    shown = text(faults=(("a.pcap", 12345, "the file ends inside a record"), ("b.pcap", 0, "cannot be opened: x")))
    assert "  damaged     a.pcap at octet 12345: the file ends inside a record; results up to there" in shown
    assert "  damaged     b.pcap: cannot be opened: x" in shown


def test_nothing_found_is_said() -> None:
    shown = render(replay(), exit_code=3)
    assert "no TCP connection was found" in shown
    assert shown.splitlines()[-1].startswith("probe: 0 connections, ")


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (20, "2 connections listed; the counts above are of all"),
        (2, "the worst 2 that match are listed"),
        (None, "2 c"),
    ],
)
def test_a_filter_is_repeated_with_what_it_left(limit: int | None, words: str) -> None:
    left = replace(MIXED, listed=(SIX, REFUSED))
    shown = render(left, scope=Scope(limit, ("port=443", "host=::1")), exit_code=0)
    assert f"  filter      port=443, host=::1: {words}" in shown
    assert "verdict     pass 4, fail 1" in shown
    assert "not shown" not in shown


def test_several_files_are_told_apart() -> None:
    two = replay(broken(1, file="x/a.pcap"), connection(1, file="y/b.pcap"))
    shown = render(two, exit_code=1)
    assert shown.startswith("2 files: ")
    assert "\na.pcap:1  " in shown
    assert "FAIL a.pcap:1: close.fin-acked" in shown


def test_short_names_stay_unique() -> None:
    assert short_names(["x/a", "y/a", "y/b", "-"]) == {"x/a": "x/a", "y/a": "y/a", "y/b": "b", "-": "-"}


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_report_fits_the_terminal(width: int) -> None:
    damaged = (("a.pcap", 12345, "a record claims 4294967295 captured octets, more than any capture holds"),)
    shown = text(width=width, faults=damaged, scope=Scope(limit=4))
    # The last line is made for grep, and one line however narrow the terminal is.
    assert max(map(len, shown.splitlines()[:-1])) <= width


def test_brief_is_answer_and_counts() -> None:
    shown = render(MIXED, Style(brief=True), exit_code=1)
    assert len(shown.splitlines()) == 8


def test_colour_changes_nothing_but_colour() -> None:
    plain, coloured = (render(MIXED, Style(paint=Paint(on)), exit_code=1) for on in (False, True))
    assert "\x1b[" not in plain
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain
    assert coloured != plain


def test_a_recording_says_whether_its_verdicts_stand() -> None:
    same = Recording("run.pcapng", report(run(exchange(), exchange("x"))), {Verdict.PASS: 2})
    assert "all 2 verdicts equal the recorded ones" in " ".join(recording_heading(same, Style()).split())
    other = recording_heading(replace(same, differs=("open: recorded fail, now pass",)), Style())
    assert "1 of 2 verdicts differ" in " ".join(other.split())
    assert "\n  open: recorded fail, now pass\n" in other
