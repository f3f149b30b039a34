"""Where in the segments of one four-tuple a new connection begins.

Wireshark's rule, so that its stream numbers and ours are the same: a SYN without ACK begins one, where its number is
not the ISN that its sender is known by (``probe.replay.views.wireshark.starts_new`` says the same of single segments; a
test compares the two). To it we add silence: TIME-WAIT lasts 2 MSL (RFC 9293 section 3.4.2, MSL is two minutes), so
what comes later than that after a close is not of the old connection.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from probe.capture.batch import Bools, Int64
from probe.replay.rows import Places, Rows
from probe.spec.segment import ACK, FIN, RST, SYN

SECOND = 1_000_000_000
GONE = 240 * SECOND
"""2 MSL in nanoseconds: silence after which a closed connection, or a SYN nobody answered, is over."""
ABANDONED = 3 * 3600 * SECOND
"""Silence after which an open connection is taken for gone: keep-alives come every two hours (RFC 9293 3.8.4)."""


def beginnings(rows: Rows) -> Bools:
    """Which rows begin a connection, of rows sorted by flow and in file order within each."""
    count = len(rows)
    begins = np.ones(count, np.bool_)
    begins[1:] = rows.flow[1:] != rows.flow[:-1]
    flow = np.cumsum(begins) - 1
    starts = np.flatnonzero(begins)
    opening = rows.flags & (SYN | ACK)
    candidates = np.flatnonzero(opening == SYN)
    pauses = _pauses(rows, begins)
    odd = _complicated(rows, flow, starts, candidates, opening == SYN | ACK)
    odd[flow[pauses]] = True
    usual = candidates[~odd[flow[candidates]]]
    same = (flow[usual[1:]] == flow[usual[:-1]]) & (rows.seq[usual[1:]] == rows.seq[usual[:-1]])
    begins[usual[1:][~same]] = True
    ends = np.append(starts[1:], count)
    for number in np.flatnonzero(odd):
        begins[_one_by_one(rows, int(starts[number]), int(ends[number]))] = True
    return begins


def _complicated(rows: Rows, flow: Int64, starts: Places, candidates: Places, answers: Bools) -> Bools:
    """Flows whose SYNs cannot be compared with the one before: both ends send some, or the first row is none."""
    odd = np.zeros(len(starts), np.bool_)
    from_high = rows.from_high[starts]
    first_is_syn = rows.flags[starts] & (SYN | ACK) == SYN
    odd[flow[candidates[rows.from_high[candidates] != from_high[flow[candidates]]]]] = True
    odd[flow[candidates[~first_is_syn[flow[candidates]]]]] = True
    replies = np.flatnonzero(answers)
    odd[flow[replies[rows.from_high[replies] == from_high[flow[replies]]]]] = True
    asked = np.zeros(len(starts), np.bool_)
    asked[flow[candidates]] = True
    return odd & asked


def _pauses(rows: Rows, begins: Bools) -> Places:
    """Rows that come after so long a silence that the connection may be over."""
    long = np.zeros(len(rows), np.bool_)
    long[1:] = rows.time[1:] - rows.time[:-1] > GONE
    return np.flatnonzero(long & ~begins)


def over(flags: NDArray[np.uint8], from_high: Bools, silence: int) -> bool:
    """Whether a connection with these segments is over after ``silence`` nanoseconds without any."""
    if silence <= GONE:
        return False
    fins = flags & FIN != 0
    closed = bool((flags & RST).any()) or (bool((fins & from_high).any()) and bool((fins & ~from_high).any()))
    unanswered = not bool((from_high != from_high[0]).any()) and bool((flags & SYN).all())
    return closed or unanswered or silence > ABANDONED


def _one_by_one(rows: Rows, start: int, end: int) -> list[int]:
    """The beginnings among the rows of one flow, after its first."""
    found: list[int] = []
    known: list[int | None] = [None, None]
    begun = start
    for at in range(start, end):
        mine = int(rows.from_high[at])
        flags, seq = int(rows.flags[at]), int(rows.seq[at])
        silence = int(rows.time[at]) - int(rows.time[at - 1]) if at > begun else 0
        reopened = flags & (SYN | ACK) == SYN and known[mine] is not None and known[mine] != seq
        if reopened or (silence > GONE and over(rows.flags[begun:at], rows.from_high[begun:at], silence)):
            found.append(at)
            begun, known = at, [None, None]
        if known[mine] is None:
            known[mine] = seq if flags & SYN else (seq - 1) & 0xFFFFFFFF
        elif flags & (SYN | ACK) == SYN | ACK:
            known[mine] = seq
        if known[1 - mine] is None and flags & ACK:
            known[1 - mine] = int(rows.ack[at] - np.uint32(1)) if rows.ack[at] else 0xFFFFFFFF
    return found
