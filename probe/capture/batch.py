"""Records of a capture as arrays: where each packet lies and what the file says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from probe.capture.window import Octets

Int64 = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Table:
    """Arrays of one length side by side: a frozen dataclass with slots whose fields are arrays, or such tables."""

    __slots__: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(getattr(self, self.__slots__[0]))

    def take(self, chosen: NDArray[np.signedinteger[Any]] | Bools | slice) -> Self:
        """The chosen rows."""
        if isinstance(chosen, slice):
            columns = (getattr(self, name) for name in self.__slots__)
            return type(self)(*(one.take(chosen) if isinstance(one, Table) else one[chosen] for one in columns))
        if chosen.dtype == np.bool_:
            if chosen.all():
                return self
            chosen = np.flatnonzero(chosen)
        return type(self)(*(getattr(self, name).take(chosen) for name in self.__slots__))

    @classmethod
    def joined(cls, parts: Sequence[Self], order: NDArray[np.intp] | None = None) -> Self:
        """The rows of all parts (at least one) one after the other, or in this order of them.

        Column by column, so that of much there is never more than one column twice.
        """
        if len(parts) == 1 and order is None:
            return parts[0]
        columns = list[Any]()
        for name in cls.__slots__:
            some = [getattr(part, name) for part in parts]
            if isinstance(some[0], Table):
                columns.append(type(some[0]).joined(some, order))
            else:
                whole = np.concatenate(some)
                columns.append(whole if order is None else whole.take(order))
        return cls(*columns)


NOT_A_PACKET = -1
NO_INTERFACE = -2
"""Link types of records that are numbered like packets but hold none, or name an interface that is not described."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some consecutive records; every array has one entry a record.

    ``at`` and ``options`` index ``octets``; ``time`` is in nanoseconds since 1970 (0 where the file gives none);
    ``wire`` is never below ``captured``. ``options`` and ``options_end`` enclose a pcapng record's options (both 0
    where it has none), whose fields have byte order ``order``; ``notes`` are the comments of sections begun since the
    last batch.
    """

    octets: Octets
    first: int
    at: Int64
    captured: Int64
    wire: Int64
    time: Int64
    link: Int64
    options: Int64 | None = None
    options_end: Int64 | None = None
    order: str = "<"
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.at)


def field32(octets: Octets, offsets: Int64, order: str = "<") -> Int64:
    """The unsigned 32-bit fields at the offsets, whatever their alignment."""
    every = np.ndarray((octets.size - 3,), f"{order}u4", octets, strides=(1,))
    return every[offsets].astype(np.int64)


def field16(octets: Octets, offsets: Int64, order: str = ">") -> Int64:
    """The unsigned 16-bit fields at the offsets, whatever their alignment."""
    every = np.ndarray((octets.size - 1,), f"{order}u2", octets, strides=(1,))
    return every[offsets].astype(np.int64)
