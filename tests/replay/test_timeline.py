"""The timeline counts what happened when, in rows of a round length, however the connections were divided."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.replay.run import ReplayOptions, replay
from probe.replay.timeline import MOST, STEPS, Counting, happened
from probe.results.connection import Close, Handshake
from probe.results.timeline import Happening, TimelineRow
from tests.capture.build import Frame, ethernet, pcap
from tests.replay.test_icmp import segment4

SECOND = 1_000_000_000
SAID = [frozenset[Happening](), *(frozenset({kind}) for kind in Happening), frozenset(Happening)]
TIMES = st.one_of(st.integers(-(2**62), 2**62), st.integers(0, 10**9), st.integers(1_700 * 10**15, 1_701 * 10**15))
CONNECTIONS = st.lists(st.tuples(st.integers(0, len(SAID) - 1), TIMES, TIMES), min_size=1, max_size=30)


def counted(connections: list[tuple[int, int, int]]) -> Counting:
    """The counts of connections: place among what is said, first and last moment."""
    found = Counting()
    columns = [np.array(column, np.int64) for column in zip(*connections, strict=True)]
    found.add(SAID, *columns)
    return found


def test_each_step_divides_the_next() -> None:
    assert [(one, two) for one, two in pairwise(STEPS) if two % one or two <= one] == []
    assert 2**64 // STEPS[-1] < MOST


@given(CONNECTIONS, st.integers(0, 30))
def test_however_divided_the_rows_are_the_same(connections: list[tuple[int, int, int]], cut: int) -> None:
    whole, parts = counted(connections), [some for some in (connections[:cut], connections[cut:]) if some]
    for order in (parts, parts[::-1]):
        joined = Counting()
        for part in order:
            joined.merge(counted(part))
        assert joined.told() == whole.told()
    rows = whole.told().rows
    assert len(rows) <= MOST
    assert sum(row.opened + row.closed for row in rows) == sum(
        len(SAID[said] & {Happening.OPENED, Happening.CLOSED}) for said, _, _ in connections
    )


def test_what_is_counted_of_a_connection() -> None:
    assert happened(Handshake.FOLLOWED, Close.FOUR_WAY) == {Happening.OPENED, Happening.CLOSED}
    assert happened(Handshake.NOT_SEEN, Close.RESET_BY_SERVER) == {Happening.RESET}
    assert happened(Handshake.REFUSED, Close.NONE) == {Happening.REFUSED}
    assert happened(Handshake.UNANSWERED, Close.INCOMPLETE) == {Happening.UNANSWERED}
    assert not happened(Handshake.INCOMPLETE, Close.NONE)


@pytest.fixture
def silent(tmp_path: Path) -> Path:
    """A capture of SYNs without answers: three at once, one 47 s later."""
    path = tmp_path / "silent.pcap"
    syns = [segment4(2, port=port) for port in range(4)]
    times = [1_800_000_000 * SECOND + at for at in (0, 5, 10, 47 * SECOND)]
    path.write_bytes(pcap([Frame(ethernet(syn), time) for syn, time in zip(syns, times, strict=True)]))
    return path


def test_rows_of_a_file(silent: Path) -> None:
    found = replay(ReplayOptions((str(silent),), workers=1)).timeline
    assert (found.seconds, len(found.rows)) == (1.0, 48)
    assert found.rows[0] == TimelineRow(1_800_000_000.0, 0, 0, 0, 0, 3)
    assert found.rows[-1].unanswered == 1
    assert not any(row.unanswered for row in found.rows[1:-1])
