"""What came twice: a copy that the path made, or what the peer itself sent again; and what copies may excuse."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probe import scenarios
from probe.engine.belief.events import Event, Transcript
from probe.engine.belief.tracker import CLOSED, LISTENING, Terms
from probe.engine.belief.watch import follow
from probe.engine.judge.case import Case
from probe.engine.path import readings
from probe.engine.path.evidence import Evidence
from probe.engine.path.reordering import OVERTAKING
from tests.helpers.record import MEMORY, back, record, sent

OPEN = (sent("S", 0), back("S.", 0), sent("."))
TEXT, ECHO = sent("P.", length=10), back("P.", ack=11, length=10)
ROUND_TRIP = 0.01


def after(*seconds: float) -> dict[int, float]:
    """The times of events that follow one another after so many seconds each."""
    return {place + 1: sum(seconds[: place + 1]) for place in range(len(seconds))}


def copied(*events: Event, at: dict[int, float]) -> list[bool]:
    transcript = Transcript(record(*events, at=at))
    watch = follow(transcript.judged, LISTENING, Terms(), MEMORY, frozenset(), sends=True)
    return list(readings.copies(watch, transcript))


@pytest.mark.parametrize(
    ("gap", "found"),
    [
        (0.00005, [True]),
        (ROUND_TRIP / 2, [True]),
        (2 * ROUND_TRIP, []),  # a probe for a lost tail, RFC 8985 section 7.2
        (OVERTAKING * 2, [False]),
    ],
)
def test_text_that_came_again_after_a_round_trip_may_be_the_peers_doing(gap: float, found: list[bool]) -> None:
    at = after(ROUND_TRIP, 0.1, 0.1, ROUND_TRIP, gap)
    assert copied(*OPEN, TEXT, ECHO, ECHO, at=at) == [False, False, *found]


@pytest.mark.parametrize(("first", "second", "found"), [(7, 8, []), (7, 7, [True]), (0, 0, [True]), (7, 0, [True])])
def test_what_came_in_two_datagrams_was_sent_twice(first: int, second: int, found: list[bool]) -> None:
    """A stack whose timer runs out as the SYN,ACK comes may send its first text twice within microseconds."""
    echoes = [replace(ECHO, datagram=first), replace(ECHO, datagram=second)]
    at = after(ROUND_TRIP, 0.1, 0.1, ROUND_TRIP, 0.0002)
    assert copied(*OPEN, TEXT, *echoes, at=at) == [False, False, *found]


def test_nobody_sends_a_reset_again() -> None:
    """An ACK of what nobody sent draws it in SYN-RECEIVED (RFC 9293 section 3.10.7.4, fifth)."""
    reset = back("R", 5)
    at = after(ROUND_TRIP, 0.1, ROUND_TRIP, 2 * ROUND_TRIP)
    assert copied(*OPEN[:2], sent(".", 1, 5), reset, reset, at=at) == [False, False, True]


def test_a_syn_ack_that_comes_again_behind_our_ack_is_a_copy() -> None:
    """No stack repeats one within milliseconds (RFC 6298 section 2: a second), whatever of ours was under way."""
    at = after(ROUND_TRIP, 0.0, ROUND_TRIP / 2)
    assert copied(*OPEN, OPEN[1], at=at) == [False, True]
    assert copied(*OPEN[:2], OPEN[0], OPEN[1], at=at) == [False]  # it answers the second


def explained(*events: Event, at: dict[int, float]) -> bool:
    case = Case(scenarios.ALL["open"], Transcript(record(*events, at=at)), LISTENING, Terms(), memory=MEMORY)
    broken_at = case.follow(case.terms.profile, case.terms.allow).broken_at
    assert broken_at is not None
    return bool(case.explained_by_arrival(broken_at))


def test_a_second_answer_that_comes_every_time_is_the_peers_habit() -> None:
    """As ns-3 acknowledges a FIN, with its own and once more alone; what comes now and then a copy of ours drew."""
    once = (*OPEN, sent("F."), back("F.", ack=2))
    habit, now_and_then = Evidence(), Evidence()
    for twice, evidence in ((True, habit), (True, habit), (True, now_and_then), (False, now_and_then)):
        answers = (*once, back(".", 2, 2)) if twice else once
        transcript = Transcript(record(*answers))
        evidence.heard(Case(scenarios.ALL["close-by-us"], transcript, LISTENING, Terms(), memory=MEMORY))
    assert (habit.path().copies.lost, now_and_then.path().copies.lost) == (0, 1)


@pytest.mark.parametrize(("late", "expected"), [(OVERTAKING / 2, True), (OVERTAKING * 2, False)])
def test_a_peer_that_goes_on_after_a_reset_is_not_excused_by_one_that_was_late(late: float, expected: bool) -> None:
    """No longer than segments are known to be overtaken; what comes after that, the peer said in spite of the RST."""
    at = after(ROUND_TRIP, 0.1, 0.1, ROUND_TRIP, ROUND_TRIP, 0.1, late)
    assert explained(*OPEN, TEXT, ECHO, sent(".", 11, 11), sent("R", 11), back(".", 11, 11), at=at) is expected


def test_text_that_was_overtaken_is_put_where_it_was_sent() -> None:
    """Three segments and a FIN, the last first, the first last; and the same with none of it missing."""
    text = [back(".", place, 11, length=10) for place in (1, 11, 21)]
    shuffled = [back("F.", 31, 11), text[2], text[0], text[1]]
    at = after(ROUND_TRIP, 0.1, 0.1, ROUND_TRIP, 0.001, 0.001, 0.001)
    assert explained(*OPEN, TEXT, *shuffled, at=at)
    assert not explained(*OPEN, TEXT, *shuffled, at=at | {7: 0.5})


def test_a_copy_of_the_peers_syn_is_no_departure() -> None:
    opened = (back("S", 0), sent("S.", 0, 1), back(".", 1, 1), back("S", 0))
    at = after(0.0, ROUND_TRIP, ROUND_TRIP / 2)
    case = Case(scenarios.ALL["active-open"], Transcript(record(*opened, at=at)), CLOSED, Terms(), memory=MEMORY)
    assert case.follow(case.terms.profile, case.terms.allow).broken_at == 3
    assert case.explained_by_arrival(3)
