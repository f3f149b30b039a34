"""What was due, read from the rows of SEGMENT ARRIVES noted at each reply."""

from __future__ import annotations

import pytest

from probe.reports.wording import due_flags, packets_text, path_text, sequence_text
from probe.results.verdict import Origin
from tests.reports.records import HANDSHAKE, step


@pytest.mark.parametrize(
    ("flags", "origin", "due"),
    [
        ("S.", Origin(("L4",)), "S."),
        ("R.", Origin(("C2",)), "R."),
        ("R", Origin(("L2",)), "R"),
        ("R.", Origin(("L2",)), "R"),  # the RFC writes it without ACK
        ("S.", Origin(("R2",)), "S."),  # the second alternative of its row
        (".", Origin(("R2",)), "."),
        ("F.", Origin(("E6",)), "F."),  # the ACK rides on the FIN
        (".", Origin(("V3",)), "."),  # text is taken
        ("R", Origin(("V3",)), "R"),
        ("F.", Origin(calls=("CLOSE",)), "F."),
        ("S.", Origin(calls=("retransmission",)), "S."),
        (".", Origin(unexplained=True), ""),
    ],
)
def test_due_comes_from_the_row(flags: str, origin: Origin, due: str) -> None:
    assert due_flags([step("<", flags, "ESTABLISHED", origin=origin)]) == due


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
