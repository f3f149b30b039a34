"""Both ends of a captured connection: what no correct history explains is found, whatever the record lacks is not."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations

import pytest

from probe.engine.judge.capture import judge_connection
from probe.results.connection import Packet
from probe.results.verdict import Verdict
from probe.spec.segment import ACK, Segment, parse_flags
from probe.spec.seq import Seq
from tests.helpers.record import MEMORY

X, Y = Seq(0xFFFFFFF0), Seq(5)
Line = tuple[str, str, int, int, int]


def record(*lines: Line) -> list[Packet]:
    """Packets from (direction, flags, seq, ack, length), relative to the ISNs X of the client and Y of the server."""
    out = []
    for number, (direction, flags, seq, ack, length) in enumerate(lines, 1):
        own, other = (X, Y) if direction == ">" else (Y, X)
        bits = parse_flags(flags)
        segment = Segment(own + seq, other + ack if bits & ACK else Seq(0), bits, 29200, length)
        out.append(Packet(number, number / 1000, direction == ">", segment))
    return out


OPEN: tuple[Line, ...] = ((">", "S", 0, 0, 0), ("<", "S.", 0, 1, 0), (">", ".", 1, 1, 0))
REQUEST: tuple[Line, ...] = (
    (">", "P.", 1, 1, 30),
    ("<", ".", 1, 31, 0),
    ("<", "P.", 1, 31, 200),
    (">", ".", 31, 201, 0),
)
CLOSES: dict[str, tuple[Line, ...]] = {
    "four-way": ((">", "F.", 31, 201, 0), ("<", ".", 201, 32, 0), ("<", "F.", 201, 32, 0), (">", ".", 32, 202, 0)),
    "three-segment": (("<", "F.", 201, 31, 0), (">", "F.", 31, 202, 0), ("<", ".", 202, 32, 0)),
    "simultaneous": (("<", "F.", 201, 31, 0), (">", "F.", 31, 201, 0), ("<", ".", 202, 32, 0), (">", ".", 32, 202, 0)),
    "reset by client": ((">", "R.", 31, 201, 0),),
    "reset by server": (("<", "R.", 201, 31, 0),),
    "none": (),
}


@pytest.mark.parametrize("close", CLOSES)
def test_ordinary_connections_are_clean(close: str) -> None:
    found = judge_connection(record(*OPEN, *REQUEST, *CLOSES[close]), MEMORY)
    assert (found.word, found.findings, found.complete) == (Verdict.PASS, (), True)


def test_states_and_the_packets_that_caused_them() -> None:
    found = judge_connection(record(*OPEN, *REQUEST, *CLOSES["four-way"]), MEMORY)
    assert [state for state, _ in found.client_states] == ["SYN-SENT", "ESTABLISHED", "FIN-WAIT-1", "TIME-WAIT"]
    assert [state for state, _ in found.server_states] == [
        "SYN-RECEIVED", "ESTABLISHED", "CLOSE-WAIT", "LAST-ACK",
    ]  # fmt: skip


@pytest.mark.parametrize("close", CLOSES)
@pytest.mark.parametrize("lost", [1, 2, 3])
def test_records_that_are_missing_accuse_nobody(close: str, lost: int) -> None:
    whole = record(*OPEN, *REQUEST, *CLOSES[close])
    picks = list(combinations(range(len(whole)), lost))
    for gone in random.Random(7).sample(picks, min(len(picks), 60)):
        kept = [p for i, p in enumerate(whole) if i not in gone]
        assert judge_connection(kept, MEMORY).findings == (), [whole[i] for i in gone]


@pytest.mark.parametrize("close", CLOSES)
@pytest.mark.parametrize("place", range(11))
def test_a_duplicate_record_accuses_nobody(close: str, place: int) -> None:
    whole = record(*OPEN, *REQUEST, *CLOSES[close])
    at = min(place, len(whole) - 1)
    assert judge_connection([*whole[: at + 1], whole[at], *whole[at + 1 :]], MEMORY).findings == ()


@pytest.mark.parametrize("close", CLOSES)
@pytest.mark.parametrize("place", range(10))
def test_crossing_segments_are_legal_in_either_order(close: str, place: int) -> None:
    """Neighbours of opposite direction may be recorded the other way round when the later one asked for nothing."""
    whole = record(*OPEN, *REQUEST, *CLOSES[close])
    at = min(place, len(whole) - 2)
    one, two = whole[at], whole[at + 1]
    answers = two.segment.ack == one.segment.end and bool(two.segment.flags & ACK)
    if one.from_client != two.from_client and not answers:
        assert judge_connection([*whole[:at], two, one, *whole[at + 2 :]], MEMORY).findings == ()


BROKEN: list[tuple[str, tuple[Line, ...], str]] = [
    ("wrong ack", (OPEN[0], ("<", "S.", 0, 2, 0)), "open.synack-ack-number"),
    ("ISN changes", (*OPEN[:2], ("<", "S.", 77, 1, 0)), "isn.stable-while-pending"),
    ("refusal acknowledges nothing", (OPEN[0], ("<", "R.", -int(Y), 5, 0)), "closed.syn-refused"),
    ("SYN+FIN from nowhere", (*OPEN, *REQUEST, ("<", "SF.", 201, 31, 0)), "conn.unexplained"),
    ("FIN without ACK", (*OPEN, *REQUEST, ("<", "F", 201, 0, 0)), "aclose.fin-form"),
    (
        "data after the FIN",
        (*OPEN, *REQUEST, *CLOSES["four-way"][:3], ("<", "P.", 202, 32, 50)),
        "aclose.no-data-after-fin",
    ),
    ("RST beside SND.NXT", (*OPEN, *REQUEST, ("<", "R", 5000, 0, 0)), ""),
]


@pytest.mark.parametrize(("name", "lines", "rule"), BROKEN)
def test_what_no_history_explains_is_found(name: str, lines: tuple[Line, ...], rule: str) -> None:
    found = judge_connection(record(*lines), MEMORY)
    assert [f.rule for f in found.findings] == ([rule] if rule else []), found.findings


def test_a_fin_without_text_may_be_taken_though_the_window_is_closed() -> None:
    """Linux does: nothing needs room."""
    packets = record(*OPEN, ("<", "P.", 1, 1, 30), (">", "F.", 1, 31, 0), ("<", ".", 31, 2, 0))
    packets[3] = replace(packets[3], segment=replace(packets[3].segment, window=0))
    found = judge_connection(packets, MEMORY)
    assert (found.findings, found.complete) == ((), True)


def test_a_window_may_have_opened_since_it_was_told() -> None:
    """3.8.6.2.2: there may be "space available but not yet advertised", so that a probe of the window is taken."""
    told = ("<", ".", 1, 31, 0)
    packets = record(*OPEN, (">", "P.", 1, 1, 30), told, (">", "P.", 31, 1, 1), ("<", ".", 1, 32, 0))
    packets[4] = replace(packets[4], segment=replace(packets[4].segment, window=0))
    for window in (0, 100):
        packets[6] = replace(packets[6], segment=replace(packets[6].segment, window=window))
        found = judge_connection(packets, MEMORY)
        assert (found.findings, found.complete) == ((), True)


MISSING: list[tuple[str, tuple[Line, ...]]] = [
    (
        "the SYN: SND.NXT-1 of a keep-alive is its number",
        (OPEN[1], (">", ".", 0, 1, 1), ("<", ".", 1, 1, 0)),
    ),
    (
        "a SYN,ACK that took no text of the SYN",
        ((">", "S", 0, 0, 100), (">", ".", 101, 1, 0), (">", "F.", 1, 1, 100), ("<", ".", 1, 102, 0)),
    ),
    (
        "what told of a wider window",
        (*OPEN, *REQUEST, (">", "P.", 31, 201, 29200), (">", "P.", 29231, 201, 40000), ("<", ".", 201, 69231, 0)),
    ),
]


@pytest.mark.parametrize(("what", "lines"), MISSING, ids=[what for what, _ in MISSING])
def test_the_record_may_lack(what: str, lines: tuple[Line, ...]) -> None:
    """RFC 9293 section 3.8.4 for the keep-alive, 3.10.7.3 fourth, 3.8.6."""
    found = judge_connection(record(*lines), MEMORY)
    assert (found.findings, found.doubtful, found.judged) == ((), (), None)
