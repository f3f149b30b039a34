"""What a run learned of its peer, and what of that is unusual enough for a sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probe.engine.play.habits import Habits
from probe.results.learned import Answered, Learned, Question, Repeated, Waits
from probe.scenarios.steps import EMPTY_BELOW, NEXT_OCTET

USUAL = Learned(
    Waits(1.0, 2.0, 0.6, 3.0, 16.0, 0.005),
    (
        Answered(Question.OCTET_BELOW, 2, 2),
        Answered(Question.EMPTY_BELOW, 3, 2, gap=0.55),
        Answered(Question.NEXT_OCTET, 1, 1),
    ),
    0.0001,
    0.0001,
    repetitions=((Repeated.SYN_ACK, 3.02), (Repeated.FIN, 0.2)),
)
OCTET = Question.OCTET_BELOW


def test_an_ordinary_peer_has_nothing_unusual() -> None:
    assert USUAL.sentence == ""


@pytest.mark.parametrize(
    ("odd", "sentence"),
    [
        ({"questions": (Answered(OCTET, 3, 0),)}, "it does not answer an octet below the window"),
        ({"questions": (Answered(OCTET, 0, 0),)}, ""),  # the connection ended before it was asked
        ({"questions": (Answered(OCTET, 3, 2, gap=1.05),)}, "it answers an octet below the window once in 1.1 s"),
        (
            {"questions": (Answered(OCTET, 3, 2, gap=0.55, shared=True),)},
            "it answers an octet below the window once in 0.55 s, on all connections together",
        ),
        ({"repetitions": ((Repeated.SYN_ACK, 6.02),)}, "its SYN,ACK comes again only after 6 s"),
        ({"mtu": 576}, "the path takes packets of 576 octets"),
        ({"twice": True, "mtu": 576}, "it sends bare ACKs twice; the path takes packets of 576 octets"),
    ],
)
def test_what_is_unusual_is_said(odd: dict[str, object], sentence: str) -> None:
    assert replace(USUAL, **odd).sentence == sentence  # type: ignore[arg-type]  # fields of the record


def test_a_slow_answer_is_said_unless_the_user_said_how_long_it_may_take() -> None:
    slow = replace(USUAL, usual=0.42, waits=replace(USUAL.waits, answer=4.2))
    assert slow.sentence == "it takes 0.42 s to answer, so that a reply is waited for 4.2 s"
    assert replace(slow, given=True).sentence == replace(slow, usual=None).sentence == ""


def test_habits_tell_what_was_learned() -> None:
    habits = Habits()
    assert habits.learned == Learned(Waits(1.0, 2.0, 0.6, 3.0, 16.0, 0.005))
    empty, following = Answered(Question.EMPTY_BELOW, 3, 2), Answered(Question.NEXT_OCTET, 1, 1)
    habits = Habits(2.0, answers={NEXT_OCTET: following, EMPTY_BELOW: empty}, intervals={"S.": 6.0})
    told = habits.learned
    assert (told.questions, told.repetitions, told.given) == ((empty, following), ((Repeated.SYN_ACK, 6.0),), True)
    assert (told.waits.answer, told.waits.never) == (2.0, 36.0)
