"""32-bit sequence numbers (RFC 9293 section 3.4): the only place that does arithmetic modulo 2**32."""

from __future__ import annotations

from typing import overload

SPACE = 1 << 32
HALF = 1 << 31
# int's own arithmetic, called past the class below: these run a dozen times for every segment.
_new, _plus, _minus = int.__new__, int.__add__, int.__sub__


class Seq(int):
    """A sequence or acknowledgment number: an int in [0, 2**32) that adds, subtracts and compares modulo 2**32.

    ``a - b`` is the signed distance from b to a in [-2**31, 2**31); ``a < b`` means b lies ahead of a by less
    than half the space (RFC 9293 section 3.4). Adding or subtracting a plain int moves the number.
    """

    __slots__ = ()

    def __new__(cls, value: int = 0) -> Seq:
        """The number that any int stands for, taken modulo 2**32."""
        return _new(cls, value % SPACE)

    def __add__(self, count: int) -> Seq:
        return _new(Seq, _plus(self, count) % SPACE)

    __radd__ = __add__

    @overload
    def __sub__(self, other: Seq) -> int: ...  # type: ignore[overload-overlap]  # a distance is an int, a moved number a Seq
    @overload
    def __sub__(self, other: int) -> Seq: ...
    def __sub__(self, other: int) -> int:
        if isinstance(other, Seq):
            return (_minus(self, other) + HALF) % SPACE - HALF
        return _new(Seq, _minus(self, other) % SPACE)

    def __lt__(self, other: int) -> bool:
        return 0 < _minus(other, self) % SPACE < HALF

    def __gt__(self, other: int) -> bool:
        return 0 < _minus(self, other) % SPACE < HALF

    def __le__(self, other: int) -> bool:
        return _minus(other, self) % SPACE < HALF

    def __ge__(self, other: int) -> bool:
        return _minus(self, other) % SPACE < HALF

    __eq__ = int.__eq__
    __hash__ = int.__hash__

    def ahead_of(self, left: Seq) -> int:
        """Unsigned distance from ``left`` up to this number, in [0, 2**32)."""
        return _minus(self, left) % SPACE

    def within(self, left: Seq, size: int) -> bool:
        """Whether the number lies in the window [left, left + size) (RFC 9293 section 3.4, Table 5)."""
        return self.ahead_of(left) < size


def later(a: Seq, b: Seq) -> Seq:
    """The one of two numbers that lies ahead in sequence space."""
    return a if a >= b else b
