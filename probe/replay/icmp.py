"""ICMP errors attached to the connections whose segments they quote.

An error is no segment: it takes no place in its connection, and no verdict rests on it (RFC 9293 section 3.9.2.2). What
is kept of a connection's is one number (``Facts.icmp``), which stands for the set of them. Which kinds of error there
are, and about whose segments, is part of the connection's shape: so a ``Record`` may speak of them (``Record.icmp``)::

    (IcmpKind.UNREACHABLE, True) in record.icmp   # a segment of the client did not get through
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, replace

import numpy as np

from probe.capture.batch import Bools, Int64
from probe.capture.icmp import QuotedSegment
from probe.results.connection import IcmpReport
from probe.spec.icmp import Icmp, IcmpKind

IcmpSet = tuple[tuple[Icmp, bool], ...]
"""Errors, each with whether the segment it is about came from the high end; sorted."""
Kinds = frozenset[tuple[IcmpKind, bool]]
"""Kinds of error, each with whether the segment it is about is the client's."""

_MOST = 8
"""Errors kept of a connection."""
_SETS = 1 << 16
"""Sets kept in full; of errors that come then only type and code, one a connection: no file can fill the memory."""
_KINDS = tuple(IcmpKind)


class IcmpTable:
    """Small numbers for sets of errors; 0 is none. Shared by all chunks of a reading."""

    def __init__(self) -> None:
        self.known: list[IcmpSet] = [()]
        self._numbers: dict[IcmpSet, int] = {(): 0}

    def number(self, errors: Iterable[tuple[Icmp, bool]]) -> int:
        """The number of a set, a new one where it is not known."""
        some = tuple(sorted(set(errors), key=lambda error: (astuple(error[0]), error[1]))[:_MOST])
        if some not in self._numbers and len(self.known) >= _SETS:
            icmp, from_high = some[0]
            some = ((replace(icmp, host="", mtu=0), from_high),)
        if some not in self._numbers:
            self._numbers[some] = len(self.known)
            self.known.append(some)
        return self._numbers[some]

    def joined(self, *numbers: int) -> int:
        """The number of all the errors in these sets."""
        return self.number(error for number in numbers for error in self.known[number])

    def attach(
        self, flow: Int64, first: Int64, icmp: Int64, errors: Sequence[QuotedSegment]
    ) -> tuple[Int64, list[QuotedSegment]]:
        """(the sets of connections with these errors added, errors that are about none of them).

        ``flow``, ``first`` packet and ``icmp`` have one entry a connection, sorted by the first two. An error is about
        the last connection of its flow that began before it.
        """
        if not errors:
            return icmp, []
        icmp, left = icmp.copy(), []
        for error in errors:
            begin, end = np.searchsorted(flow, [error.flow, error.flow + 1])
            place = begin + int(np.searchsorted(first[begin:end], error.number)) - 1
            if place < begin:
                left.append(error)
            else:
                icmp[place] = self.number((*self.known[int(icmp[place])], (error.icmp, error.from_high)))
        return icmp, left

    def codes(self, icmp: Int64, client_high: Bools) -> Int64:
        """For each connection what ``kinds`` tells of its errors, as a number; 0 where there are none."""
        codes = np.zeros(len(icmp), np.int64)
        for place in np.flatnonzero(icmp).tolist():
            for error, from_high in self.known[int(icmp[place])]:
                codes[place] |= 1 << 2 * _KINDS.index(error.kind) + (from_high == bool(client_high[place]))
        return codes

    def reports(self, icmp: int, *, client_high: bool) -> tuple[IcmpReport, ...]:
        """The errors of one connection."""
        return tuple(IcmpReport(error, from_high == client_high) for error, from_high in self.known[icmp])


def kinds(code: int) -> Kinds:
    """The kinds of errors that a code of ``IcmpTable.codes`` stands for."""
    return frozenset((kind, by) for n, kind in enumerate(_KINDS) for by in (False, True) if code >> 2 * n + by & 1)
