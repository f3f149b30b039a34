"""Segments recorded later than they were sent accuse nobody; those sent without need are still found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from probe.engine.judge.capture import judge_connection
from probe.engine.path.reordering import OVERTAKING
from probe.replay import judging
from probe.results.connection import Packet
from tests.engine.judge.test_capture import CLOSES, OPEN, REQUEST, Line, record
from tests.helpers.record import MEMORY


def apart(packets: Sequence[Packet], seconds: float) -> list[Packet]:
    """The same with so much time between two packets."""
    return [replace(packet, time=number * seconds) for number, packet in enumerate(packets)]


OVERTAKEN: tuple[Line, ...] = (
    *OPEN,
    ("<", "F.", 1, 1, 0),
    (">", "F.", 1, 2, 0),
    ("<", ".", 2, 2, 0),
    ("<", "F.", 1, 1, 0),
    (">", ".", 2, 2, 0),
)


def overtaken(seconds: float) -> list[Packet]:
    """A FIN that was sent again, not copied by the network, recorded behind the ACK that shows it was not needed."""
    packets = apart(record(*OVERTAKEN), seconds)
    packets[-2] = replace(packets[-2], segment=replace(packets[-2].segment, window=29000))
    return packets


def test_a_segment_that_was_overtaken_accuses_nobody() -> None:
    """Seen of a kernel whose timer and whose input run on two processors."""
    found = judge_connection(overtaken(OVERTAKING / 2), MEMORY)
    assert (found.findings, found.complete, found.timed) == ((), True, True)


def test_a_segment_sent_for_nothing_is_found() -> None:
    found = judge_connection(overtaken(2 * OVERTAKING), MEMORY)
    assert [f.rule for f in found.findings] == ["aclose.fin-acked-stops"]


def test_a_copy_that_the_network_made_accuses_nobody() -> None:
    assert judge_connection(apart(record(*OVERTAKEN), 2 * OVERTAKING), MEMORY).findings == ()


@pytest.mark.parametrize("close", CLOSES)
@pytest.mark.parametrize("place", range(10))
def test_neighbours_that_changed_places_accuse_nobody(close: str, place: int) -> None:
    whole = record(*OPEN, *REQUEST, *CLOSES[close])
    own = [at for at, packet in enumerate(whole) if packet.from_client == bool(place % 2)]
    if place // 2 + 1 < len(own):
        one, two = own[place // 2], own[place // 2 + 1]
        moved = [*whole[:one], *whole[one + 1 : two + 1], whole[one], *whole[two + 1 :]]
        assert judge_connection(apart(moved, OVERTAKING / 20), MEMORY).findings == ()


def test_text_that_was_folded_away_fits_the_window_behind_an_overtaken_ack() -> None:
    """Whether that ACK is taken for a late one or for a copy, the window that was offered with the farthest counts."""
    lines: tuple[Line, ...] = (
        *OPEN,
        (">", ".", 1, 1, 100), (">", ".", 101, 1, 100),
        ("<", ".", 1, 201, 0), ("<", ".", 1, 101, 0),
        (">", ".", 201, 1, 400_000), ("<", ".", 1, 400_201, 0),
    )  # fmt: skip
    found = judging.record(apart(record(*lines), OVERTAKING / 20), MEMORY, "rfc9293", reused=False).pair
    assert (found.findings, found.complete) == ((), True)


def test_an_answer_of_an_older_connection_is_not_the_servers_part() -> None:
    """RFC 9293 section 3.5.1 Figure 9, without the SYN,ACK and with one that is wrong."""
    older: tuple[Line, ...] = ((">", "S", 0, 0, 0), ("<", ".", 7000, -9000, 0), (">", "R", -9000, 0, 0), OPEN[0])
    assert judge_connection(record(*older), MEMORY).findings == ()
    whole = judge_connection(record(*older, ("<", "S.", 0, 1, 0), OPEN[2]), MEMORY)
    assert (whole.findings, whole.complete) == ((), True)
    assert whole.server_states == (("SYN-RECEIVED", 4),)
    wrong = judge_connection(record(*older, ("<", "S.", 0, 9, 0)), MEMORY)
    assert [f.rule for f in wrong.findings] == ["open.synack-ack-number"]
