"""Which questions this peer answers, how soon and how often, asked on connections of its own before the others begin.

Nothing is judged by it. A peer may answer no segment that it does not accept, or only one in so many seconds, on each
connection or on all together: the other exchanges then ask what it does answer, and wait until it answers again.

A run plays the scenarios of ``Calibration.todo`` with ``Calibration.conductor`` and hands each attempt to ``heard``,
which says what is to be played next; what was learned is in ``Habits.answers``.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from probe.engine.belief.events import Command, Seen
from probe.engine.belief.hypothesis import Excuse
from probe.engine.play.conductor import Conductor, Setting
from probe.engine.play.habits import QUESTIONS as NAMES
from probe.engine.play.habits import Habits
from probe.results.learned import Answered
from probe.scenarios import steps
from probe.scenarios.steps import EMPTY_BELOW, NEXT_OCTET, OCTET_BELOW, OPEN, Expect, Scenario, Send, Span, Wait
from probe.spec.segment import ACK, FIN, RST, SYN, Segment, parse_flags

GAPS = (0.5, 1.0, 2.0, 4.0)
"""Seconds between answers that stacks are known to keep, and some more."""
MARGIN = 0.05
"""Seconds more, as neither clock is exact."""
_TRIES = 3
"""A question that so many times met silence is not answered: one could be lost."""

_Course = Generator[tuple[Send, float], "float | None", None]


def _text(question: Send) -> bytes:
    assert isinstance(question.data, bytes)
    return question.data


def _scenario(name: str, title: str) -> Scenario:
    return Scenario(f"calibration-{name}", title, OPEN, (), "")


QUESTIONS = {
    _scenario("octet", "is an octet below the window answered?"): OCTET_BELOW,
    _scenario("empty", "is an empty segment below the window answered?"): EMPTY_BELOW,
    _scenario("next", "is the next octet in order answered?"): NEXT_OCTET,
}
SHARED = _scenario("shared", "does an answer on one connection count on others?")


class Calibration:
    """The questions of one run."""

    def __init__(self, habits: Habits) -> None:
        self.habits = habits
        self.todo = list(QUESTIONS)
        self._limited: Send | None = None

    def concerns(self, scenario: Scenario) -> bool:
        """Whether an exchange is one of these, not to be judged."""
        return scenario is SHARED or scenario in QUESTIONS

    def conductor(self, scenario: Scenario, setting: Setting) -> Conductor:
        """What plays it. A silence is no departure here."""
        terms = replace(setting.terms, allow=setting.terms.allow | {Excuse.LOSS})
        question = self._limited if scenario is SHARED else QUESTIONS[scenario]
        assert question is not None
        return Asking(scenario, replace(setting, terms=terms), question, once=scenario is SHARED)

    def heard(self, conductor: Conductor) -> list[Scenario]:
        """One of the exchanges ended: what it told is noted; returns what is to be played next, at once.

        Where one connection has just used up an answer, it is seen at once whether another one has one left.
        """
        assert isinstance(conductor, Asking)
        if not conductor.asked or conductor.transcript.interrupted:
            return []
        question, answers = conductor.question, self.habits.answers
        if conductor.scenario is SHARED:
            answers[question] = replace(answers[question], shared=not conductor.answered)
            return []
        answers[question] = conductor.found
        if not conductor.gap or self._limited is not None:
            return []
        self._limited = question
        return [SHARED]


class Asking(Conductor):
    """One question on one connection, until it is known how often it is answered; ``once``: one time, right away."""

    def __init__(self, scenario: Scenario, setting: Setting, question: Send, *, once: bool = False) -> None:
        super().__init__(scenario, setting)
        self.question = question
        self.asked = self.answered = 0
        self.seconds = self.gap = 0.0
        self._pause = 0.0
        self._left_at: float | None = None
        self._took: float | None = None
        self._course = self._once() if once else self._until_known()
        self._begun = False

    @property
    def found(self) -> Answered:
        """What it came to."""
        return Answered(NAMES[self.question], self.asked, self.answered, self.seconds, self.gap)

    def seen(self, event: Seen) -> list[Command]:
        """A segment: what comes after the question left is taken for its answer."""
        segment = event.segment
        asked = parse_flags(self.question.flags), len(_text(self.question))
        if event.to_peer and (segment.flags, segment.length) == asked:
            self._left_at, self._took = event.time, None
        elif not event.to_peer and self._left_at is not None and self._took is None and self._is_answer(segment):
            self._took = event.time - self._left_at
        return super().seen(event)

    def _is_answer(self, segment: Segment) -> bool:
        """What an application says of itself is none: below the window a bare ACK, else one of the octet."""
        if segment.flags & (ACK | RST | SYN) != ACK:
            return False
        if self.question is NEXT_OCTET:
            return segment.ack == self.tester.nxt
        return not segment.length and not segment.flags & FIN

    def _more(self) -> bool:
        """The next time it is asked; False when all is known, or nothing can be: the connection stands no longer."""
        if self.transcript.sealed is not None:
            return False
        if self.watch.lost_at is not None or not self.tester.synchronized or "R" in self.tester.counts:
            self.asked = 0
            return False
        try:
            question, pause = self._course.send(self._took) if self._begun else next(self._course)
        except StopIteration:
            return False
        self._begun, self._pause = True, pause
        self.asked += 1
        self._left_at = self._took = None
        self._todo = [question, Expect(steps.QUESTION, silence=True)]
        if pause:
            self._todo.insert(0, Wait(Span.SPACING))
        return True

    def _fulfilled(self, step: Expect) -> bool:
        return self._took is not None if step.what == steps.QUESTION else super()._fulfilled(step)

    def _within(self, step: steps.Step) -> float:
        if isinstance(step, Wait) and step.span is Span.SPACING:
            return self._pause
        if isinstance(step, Expect) and step.what == steps.QUESTION:
            known = Span.SILENCE if self.answered else Span.ANSWER
            return self.setting.habits.seconds(Span.LATE if self.question is NEXT_OCTET else known)
        return super()._within(step)

    def _once(self) -> _Course:
        took = yield self._crossing, 0.0
        self.answered += took is not None

    def _until_known(self) -> _Course:
        """Twice in a row; where the second time meets silence, again after each of the usual pauses."""
        for _ in range(_TRIES):
            took = yield self._crossing, 0.0
            if took is not None:
                break
        else:
            return
        self.answered, self.seconds = 1, took
        if self.question is NEXT_OCTET:
            return
        took = yield self._crossing, 0.0
        since = self.setting.habits.seconds(Span.SILENCE)
        for gap in GAPS:
            if took is not None:
                break
            self.gap = gap + MARGIN
            took = yield self._crossing, max(0.0, self.gap - since)
            since = self.gap + self.setting.habits.seconds(Span.SILENCE)
        self.answered += took is not None

    @property
    def _crossing(self) -> Send:
        return replace(self.question, crossing=True)
