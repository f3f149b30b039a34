"""What was due, read from the rows of SEGMENT ARRIVES noted at each reply."""

from __future__ import annotations

import pytest

from probe.reports.due import due_flags
from probe.reports.wording import packets_text, path_text, sequence_text
from tests.reports.records import HANDSHAKE, step


@pytest.mark.parametrize(
    ("flags", "note", "due"),
    [
        ("S.", "due by L4", "S."),
        ("R.", "due by C2", "R."),
        ("R", "due by L2", "R"),
        ("R.", "due by L2", "R"),  # the RFC writes it without ACK
        ("S.", "due by R2", "S."),  # the second alternative of its row
        (".", "due by R2", "."),
        ("F.", "due by E6", "F."),  # the ACK rides on the FIN
        (".", "due by V3", "."),  # text is taken
        ("R", "due by V3", "R"),
        ("F.", "CLOSE", "F."),
        ("S.", "retransmission", "S."),
        (".", "no permitted history explains this", ""),
    ],
)
def test_due_comes_from_the_row(flags: str, note: str, due: str) -> None:
    assert due_flags([step("<", flags, "ESTABLISHED", note=note)]) == due


def test_what_the_tester_sent_is_not_due() -> None:
    assert due_flags(HANDSHAKE) == "S. ."


def test_long_runs_are_counted() -> None:
    assert sequence_text(["S.", *["."] * 12, "F.", "F."]) == "S. .x12 F. F."


def test_the_path_holds_certain_states_once() -> None:
    assert path_text(HANDSHAKE) == "ESTABLISHED"
    assert path_text(HANDSHAKE[:2]) == "SYN-RECEIVED"


@pytest.mark.parametrize(("numbers", "text"), [((), ""), ((4, 3), "3, 4"), ((1, 7, 8, 9), "1, 7-9")])
def test_packet_numbers(numbers: tuple[int, ...], text: str) -> None:
    assert packets_text(numbers) == text
