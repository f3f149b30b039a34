"""The forms of a close, told from the record alone."""

from __future__ import annotations

import pytest

from probe.engine.belief.events import Seen, Transcript
from probe.engine.judge.exercised import close_form
from probe.results.verdict import CloseForm
from tests.helpers.record import back, record, sent

OPEN = (sent("S", 0), back("S.", 0, 1), sent(".", 1, 1))


@pytest.mark.parametrize(
    ("events", "form"),
    [
        ((), ""),
        ((sent("F.", 1, 1), back(".", 1, 2)), ""),
        ((sent("F.", 1, 1), back(".", 1, 2), back("F.", 1, 2), sent(".", 2, 2)), CloseForm.FOUR),
        ((sent("F.", 1, 1), back("F.", 1, 2), sent(".", 2, 2)), CloseForm.THREE),
        ((back("F.", 1, 1), sent(".", 1, 2), sent("F.", 1, 2), back(".", 2, 2)), CloseForm.FOUR),
        ((back("F.", 1, 1), sent("F.", 1, 2), back(".", 2, 2)), CloseForm.THREE),
        ((back("F.", 1, 1), sent("F.", 1, 1), back(".", 2, 2), sent(".", 2, 2)), CloseForm.SIMULTANEOUS),
        ((sent("F.", 1, 1), back("F.", 1, 1), sent(".", 2, 2)), CloseForm.SIMULTANEOUS),
        ((sent("R", 1), sent(".", 0, 1), back("R", 1)), CloseForm.RESET),
        ((sent("F.", 1, 1), back("R", 1), sent(".", 2, 1)), CloseForm.RESET),
    ],
)
def test_form_of_the_close(events: tuple[Seen, ...], form: CloseForm) -> None:
    assert close_form(Transcript(record(*OPEN, *events))) == form
