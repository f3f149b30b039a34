"""Sequence numbers: modulo 2**32, checked against plain integers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from probe.spec.seq import HALF, SPACE, Seq, later

numbers = st.integers(0, SPACE - 1)
near = st.integers(-(HALF - 1), HALF - 1)
any_int = st.integers(-(2**70), 2**70)


@given(any_int)
def test_every_int_stands_for_a_number(value: int) -> None:
    assert int(Seq(value)) == value % SPACE


@given(numbers, any_int)
def test_adding_and_subtracting_undo_each_other(start: int, step: int) -> None:
    moved = Seq(start) + step
    assert moved - step == start
    assert isinstance(moved, Seq)
    assert isinstance(moved - 1, Seq)
    assert step + Seq(start) == moved


@given(numbers, near)
def test_distance_is_signed_and_orders(start: int, step: int) -> None:
    here, there = Seq(start), Seq(start) + step
    assert there - here == step
    assert not isinstance(there - here, Seq)
    assert (there > here, there < here, there == here) == (step > 0, step < 0, step == 0)
    assert (there >= here, there <= here) == (step >= 0, step <= 0)


@given(numbers)
def test_opposite_numbers_are_not_ordered(start: int) -> None:
    here, there = Seq(start), Seq(start) + HALF
    assert not here < there
    assert not here > there
    assert abs(there - here) == HALF


@given(numbers, st.integers(0, SPACE - 1), st.integers(0, HALF))
def test_window_is_the_set_of_its_numbers(left: int, offset: int, size: int) -> None:
    number = Seq(left) + offset
    assert number.within(Seq(left), size) is (offset < size)
    assert number.ahead_of(Seq(left)) == offset


def test_window_at_the_wrap() -> None:
    left = Seq(SPACE - 2)
    assert [left + i for i in range(4)] == [SPACE - 2, SPACE - 1, 0, 1]
    assert Seq(1).within(left, 4)
    assert not Seq(2).within(left, 4)
    assert not left.within(left, 0)


@given(numbers, near)
def test_later_is_the_one_ahead(start: int, step: int) -> None:
    here, there = Seq(start), Seq(start) + step
    assert later(here, there) == (there if step > 0 else here)
    assert later(here, there) == later(there, here)


@given(numbers)
def test_equal_numbers_hash_alike(start: int) -> None:
    assert Seq(start) == start
    assert hash(Seq(start)) == hash(start)
    assert len({Seq(start), start}) == 1
