"""Where in the segments of one four-tuple a new connection begins.

Wireshark's rule, so that its stream numbers and ours are the same; ``probe.replay.views.wireshark.starts_new`` states
it, and nothing else does. To it we add silence (``is_over``): TIME-WAIT lasts 2 MSL (RFC 9293 section 3.4.2, MSL is two
minutes), so what comes later than that after a close is not of the old connection.

Most flows open with a SYN, and only that end sends SYNs. There the rule says no more than that a SYN has another number
than the one before it, which arrays tell at once. The few other flows are walked segment by segment.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from probe.capture.batch import Bools, Int64
from probe.replay.rows import Places, Rows
from probe.replay.views.wireshark import Numbers, after, starts_new
from probe.spec.segment import ACK, FIN, RST, SYN, Segment
from probe.spec.seq import Seq

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
    long = np.zeros(count, np.bool_)
    long[1:] = rows.time[1:] - rows.time[:-1] > GONE
    pauses = np.flatnonzero(long & ~begins & ~rows.old)
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
    """Flows with a SYN where its sender's ISN may not be that of its last SYN, so that only a walk can tell."""
    odd = np.zeros(len(starts), np.bool_)
    from_high = rows.from_high[starts]
    first_is_syn = rows.flags[starts] & (SYN | ACK) == SYN
    # Both ends send SYNs (a simultaneous open, or the roles changed): the ISN of each is its own.
    odd[flow[candidates[rows.from_high[candidates] != from_high[flow[candidates]]]]] = True
    # The first segment is no SYN: numbers and acknowledgments tell the ISNs first.
    odd[flow[candidates[~first_is_syn[flow[candidates]]]]] = True
    # The end that opened sends a SYN,ACK: its number replaces the ISN.
    replies = np.flatnonzero(answers)
    odd[flow[replies[rows.from_high[replies] == from_high[flow[replies]]]]] = True
    asked = np.zeros(len(starts), np.bool_)
    asked[flow[candidates]] = True
    return odd & asked


def is_over(flags: NDArray[np.uint8], from_high: Bools, silence: int) -> bool:
    """Whether a connection with these segments is over after ``silence`` nanoseconds without any."""
    if silence <= GONE:
        return False
    fins = flags & FIN != 0
    closed = bool((flags & RST).any()) or (bool((fins & from_high).any()) and bool((fins & ~from_high).any()))
    unanswered = not bool((from_high != from_high[0]).any()) and bool((flags & SYN).all())
    return closed or unanswered or silence > ABANDONED


def _one_by_one(rows: Rows, start: int, end: int) -> list[int]:
    """The beginnings among the rows of one flow, after its first: Wireshark's own rule, segment by segment."""
    found: list[int] = []
    numbers, begun = Numbers(), start
    part = slice(start, end)
    columns = (rows.from_high, rows.flags, rows.seq, rows.ack, rows.time)
    before = int(rows.time[start])
    for at, (high, flags, seq, ack, time) in enumerate(
        zip(*(column[part].tolist() for column in columns), strict=True), start
    ):
        segment = Segment(Seq(seq), Seq(ack), flags)
        # Between segments that were taken in before others may have been folded away: they were no silence then.
        silent = time - before > GONE and not rows.old[at]
        silent = silent and is_over(rows.flags[begun:at], rows.from_high[begun:at], time - before)
        if silent or starts_new(numbers, segment, from_client=high):
            found.append(at)
            numbers, begun = Numbers(), at
        numbers = after(numbers, segment, from_client=high)
        before = time
    return found
