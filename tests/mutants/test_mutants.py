"""A sample of the mutants: each is caught, or excused by name. ``make mutants`` plays all of them."""

from __future__ import annotations

import pytest

from probe.spec.rows import ROWS
from tests.mutants.bugs import BUGS
from tests.mutants.exceptions import reason
from tests.mutants.score import Word, checked, crossed, score
from tests.mutants.table import Mutant, mutants

EVERY = list(mutants(checked()))
SAMPLE = EVERY[::13]


@pytest.mark.parametrize("mutant", SAMPLE, ids=lambda m: m.id)
def test_a_mutant_is_caught_or_excused(mutant: Mutant) -> None:
    found = score(mutant)
    assert found.word is not Word.MISSED or reason(mutant), found.seen


@pytest.mark.parametrize("name", BUGS)
def test_a_bug_that_a_stack_had_is_found(name: str) -> None:
    places = (checked, crossed)  # the second, which takes a while, only where the first meets no such place
    mutant = next(m for met in places for m in mutants(met()) if m.id == BUGS[name])
    assert score(mutant).word in {Word.OWN, Word.OTHER}


def test_every_row_that_an_exchange_meets_has_mutants_of_both_families() -> None:
    rows = {(m.place.where, m.family) for m in EVERY if m.place.where in ROWS}
    assert len(rows) == 2 * len({row for row, _ in rows})
