"""Tables fit, and cut no word in two."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from probe.reports.table import table

WORDS = st.lists(st.text("abc-", min_size=1, max_size=9), max_size=6).map(" ".join)


@given(rows=st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=5), width=st.integers(40, 120))
def test_it_fits_and_keeps_every_word(rows: list[tuple[str, str, str]], width: int) -> None:
    text = table(("one", "two", "three"), rows, width)
    assert max(map(len, text.splitlines())) <= width
    body = text.split()
    assert all(word in body for row in rows for cell in row for word in cell.split())


def test_states_are_not_cut_at_their_hyphens() -> None:
    text = table(("state", "x"), [("FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT", "y")], 18)
    assert [line.split()[0] for line in text.splitlines()[2:]] == ["FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT"]
