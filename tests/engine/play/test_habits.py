"""What a run learns of a peer, and how long it then waits for it."""

from __future__ import annotations

import pytest

from probe.engine.belief.events import Transcript
from probe.engine.belief.tracker import LISTENING, USUAL, Point
from probe.engine.judge.timers import FINAL
from probe.engine.play.flight import came_once
from probe.engine.play.habits import SCHEDULING, Habits, Turn, repetitions
from probe.results.learned import Answered, Question
from probe.scenarios.steps import OCTET_BELOW, Span
from tests.helpers.record import back, record, sent


def opened(*gaps: float, took: float = 0.001, flags: str = "S.") -> Transcript:
    """A handshake left alone: our SYN, its answer after ``took`` seconds, and that again after each gap."""
    times, at = [0.0, took], took
    for gap in gaps:
        at += gap
        times.append(at)
    copies = [back(flags, 0, 1)] * (len(gaps) + 1)
    return Transcript(record(sent("S", 0), *copies, at=dict(enumerate(times))))


def test_the_first_repetition_is_learned_and_never_is_said_after_three_times_as_long() -> None:
    habits = Habits()
    assert habits.seconds(Span.NEVER) == FINAL
    habits.heard(opened(6.0, 12.0))
    assert habits.intervals == {"S.": pytest.approx(6.0)}
    assert habits.seconds(Span.NEVER) == pytest.approx(18.0)
    assert habits.seconds(Span.STOPS) == pytest.approx(9.0)


def test_the_interval_of_the_attempt_itself_counts_doubled() -> None:
    own = repetitions(opened(6.0))
    assert own == pytest.approx(6.0)
    assert Habits().seconds(Span.NEVER, own) == pytest.approx(36.0)


def test_less_patience_waits_less_but_proves_nothing() -> None:
    assert Habits(0.5).seconds(Span.NEVER) < Habits(0.5).never()


def test_what_answers_something_of_ours_is_no_repetition() -> None:
    events = record(sent("S", 0), back("S.", 0, 1), sent("S", 0), back("S.", 0, 1), at={0: 0, 1: 0, 2: 1, 3: 1})
    assert repetitions(Transcript(events)) == 0


def test_an_answer_may_take_ten_round_trips_and_three_times_what_this_peer_takes() -> None:
    habits = Habits(first=3.0)
    assert habits.answer == 3.0
    habits.heard(opened(took=0.2))
    assert habits.answer == pytest.approx(2.0)
    assert habits.path_delay == pytest.approx(SCHEDULING + 0.2)


def test_a_peer_that_looks_once_a_second_is_given_its_time_and_the_path_none_of_it() -> None:
    habits = Habits()
    for took in (0.7, 0.1, 1.0, 1.0, 1.0):
        habits.heard(opened(took=took))
    assert habits.answer == pytest.approx(2.0)
    assert habits.seconds(Span.SILENCE) > 1.0
    assert habits.path_delay == pytest.approx(SCHEDULING + 0.1)


def test_an_answer_too_many_is_no_longer_waited_for_where_ten_times_none_came() -> None:
    habits, place, other = Habits(), Point(3, LISTENING, USUAL), Point(3, LISTENING, USUAL)
    for _ in range(10):
        assert habits.afterwards(place) == habits.seconds(Span.AFTERWARDS)
        habits.stood_apart(place, asks=True)
    assert habits.afterwards(place) == 0.0
    assert habits.afterwards(other) == habits.seconds(Span.AFTERWARDS)


@pytest.mark.parametrize(
    ("asked", "gap", "twice"), [(1, 0.001, True), (2, 0.001, False), (1, 0.2, False)], ids=["", "asked twice", "later"]
)
def test_two_acks_alike_at_once_to_one_segment_are_a_habit(asked: int, gap: float, twice: bool) -> None:
    habits = Habits()
    opening = [sent("S", 0), back("S.", 0, 1), *[sent("P.", 1, 1, 1)] * asked]
    times = {2 + asked: 0.01, 3 + asked: 0.01 + gap}
    habits.heard(Transcript(record(*opening, back(".", 1, 2), back(".", 1, 2), at=times)))
    assert habits.twice is twice


def test_one_ack_is_waited_behind_and_two_are_not() -> None:
    events = record(sent("S", 0), back("S.", 0, 1), sent("P.", 1, 1, 1), back(".", 1, 2), back(".", 1, 2))
    assert [came_once(events[:count]) for count in range(6)] == [False, False, False, False, True, False]


def test_segments_stand_further_apart_where_answers_do_not_all_come_as_soon() -> None:
    habits, place = Habits(), Point(3, LISTENING, USUAL)
    ours = record(sent("S", 0), back("S.", 0, 1), sent("R", 1))
    least = habits.apart(place, ours)
    assert habits.apart(place, ours[:2]) == 0.0
    for took in (0.001, 0.009):
        habits.heard(opened(took=took))
    assert habits.apart(place, ours) == pytest.approx(least + 0.008)
    habits.heard(opened(took=1.0))
    assert habits.apart(place, ours) < 0.1  # a peer that looks once a second finds both at once, however far apart
    for _ in range(1000):
        habits.stood_apart(place)
    assert habits.apart(place, ours) == 0.0


@pytest.mark.parametrize(("answered", "turn"), [(None, 2.0), (1.3, 2.3), (2.5, 2.0)])
def test_a_peer_that_limits_its_answers_is_asked_again_that_long_after_it_answered(
    answered: float | None, turn: float
) -> None:
    """It may have looked at the question some time after it was sent; what came long after that is no answer to it."""
    gap = Answered(Question.OCTET_BELOW, 4, 2, 0.001, 1.0)
    pace = Turn(Habits(answers={OCTET_BELOW: gap}))
    assert pace.take(1.0, OCTET_BELOW, []) == 1.0
    pace.at = None
    came = [] if answered is None else [back(".")]
    events = record(sent("P."), *came, at={0: 1.0, 1: answered or 0.0})
    assert pace.take(1.1, OCTET_BELOW, events) == pytest.approx(turn)
