"""Text keeps within the peer's window: it leaves piece by piece, waits where there is no room, and asks once."""

from __future__ import annotations

from probe.engine.belief.events import Command, Quiet, Seen, Send, WakeAt
from probe.engine.judge.attempt import judge
from probe.engine.judge.case import Case
from probe.engine.play.conductor import Conductor, Setting
from probe.results.verdict import Verdict, Why
from probe.scenarios.steps import NXT, OPEN, SPEAK, Expect, Scenario, Step
from probe.scenarios.steps import Send as SendStep
from probe.spec.segment import ACK, SYN, Segment
from probe.spec.seq import Seq

ISN = Seq(5000)
APART = 0.2
"""Seconds: what follows a segment that draws no answer leaves so much later, at first."""


class Talk:
    """A conductor and a peer by hand; time stands still but for waits, and the moment between two segments of ours."""

    def __init__(self, *steps: Step) -> None:
        self.made = Conductor(Scenario("talk", "", (*OPEN, *steps), (), ""), Setting(Seq(100)))
        self.now = 0.0
        self.wake: float | None = None
        self.sent: list[Segment] = []
        self._take(self.made.start(self.now))

    def says(self, ack: int, window: int, flags: int = ACK) -> None:
        """The peer sends a segment without text; ``ack`` counts from our SYN."""
        seq = ISN if flags & SYN else ISN + 1
        self._take(self.made.seen(Seen(self.now, False, Segment(seq, Seq(100) + ack, flags, window))))
        while self.wake is not None and self.now < self.wake <= self.now + APART:
            self.now = self.wake
            self._take(self.made.woken(self.now))

    def waits(self) -> None:
        """The time that is waited for passes in silence; one that was set for an earlier wait may come before."""
        events = self.made.transcript.events
        before = sum(isinstance(event, Quiet) for event in events)
        while sum(isinstance(event, Quiet) for event in events) == before:
            assert self.wake is not None
            self.now = self.wake
            self._take(self.made.woken(self.now))

    def text(self) -> list[tuple[int, int]]:
        """Where each text of ours began, counted from our SYN, and its octets."""
        return [(s.seq - Seq(100), s.length) for s in self.sent if s.length]

    def _take(self, commands: list[Command]) -> None:
        for command in commands:
            if isinstance(command, WakeAt):
                self.wake = command.time
            elif isinstance(command, Send):
                self.sent.append(command.segment)
                self._take(self.made.seen(Seen(self.now, True, command.segment)))


def test_text_leaves_as_far_as_the_window_goes() -> None:
    talk = Talk(*SPEAK)
    talk.says(1, 4, SYN | ACK)
    assert talk.text() == [(1, 4)]
    talk.says(5, 4)
    talk.says(9, 4)
    assert talk.text() == [(1, 4), (5, 4), (9, 2)]
    assert {place for place in talk.made.transcript.places.values() if place > 1} == {2}  # of one step


def test_a_closed_window_is_waited_for() -> None:
    talk = Talk(*SPEAK)
    talk.says(1, 0, SYN | ACK)
    assert talk.text() == []
    talk.says(1, 4000)
    assert talk.text() == [(1, 10)]


def test_a_window_that_stays_closed_is_asked_about_once_and_nobody_accused() -> None:
    talk = Talk(*SPEAK)
    talk.says(1, 0, SYN | ACK)
    talk.waits()
    assert talk.text() == [(-1, 1)]  # an octet below the window, after the wait
    talk.says(1, 0)
    talk.waits()
    found = judge(Case(talk.made.scenario, talk.made.transcript, talk.made.setting.start, talk.made.setting.terms))
    assert (found.word, found.why) == (Verdict.SKIP, Why.APPLICATION)
    assert "no room" in found.reason
    assert talk.text()[:2] == [(-1, 1)]
    assert sum(isinstance(e, Quiet) for e in talk.made.transcript.judged) == 2


def test_the_answer_tells_of_a_window_that_opened_unheard() -> None:
    talk = Talk(*SPEAK)
    talk.says(1, 0, SYN | ACK)
    talk.waits()
    talk.says(1, 4000)
    talk.waits()  # that may have been no answer: the window may have opened just then
    assert talk.text() == [(-1, 1), (1, 10)]


def test_what_does_not_fit_as_a_whole_is_not_sent() -> None:
    talk = Talk(SendStep("P.", seq=NXT + 5, data=b"56789"), Expect("settled"))
    talk.says(1, 9, SYN | ACK)
    assert talk.text() == []
    talk.says(1, 10)
    assert talk.text() == [(6, 5)]
