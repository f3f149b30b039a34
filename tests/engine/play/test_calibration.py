"""What a run learns of the questions a peer answers, and what conductors make of it. Time is invented."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probe import scenarios
from probe.engine.belief.events import Seen
from probe.engine.judge.timers import FINAL
from probe.engine.play.calibration import Calibration
from probe.engine.play.conductor import Conductor
from probe.engine.play.habits import Habits
from probe.results.learned import Answered, Question
from probe.results.verdict import Verdict, Why
from probe.scenarios.steps import EMPTY_BELOW, NEXT_OCTET, OCTET_BELOW, Scenario, Span
from probe.spec.reaction import Reaction
from probe.spec.segment import Segment
from tests.helpers.dialogue import Dialogue
from tests.helpers.faults import silent
from tests.helpers.peer import Peer

SILENT = dict.fromkeys(("F4", "T12"), silent)


class Limited(Peer):
    """One answer in ``gap`` seconds to what it does not accept; ``all_kinds``: text counts too, as with no Linux."""

    gap = 0.5
    all_kinds = True
    answered = -9.0

    def __init__(self) -> None:
        super().__init__()
        self.faults = {"F4": self._limited, "T12": self._limited}

    def _limited(self, peer: Peer, segment: Segment, reaction: Reaction, out: list[Segment]) -> list[Segment]:
        if segment.length and not self.all_kinds:
            return out
        if self.now - self.answered < self.gap:
            return []
        self.answered = self.now
        return out


def talk_with(peer: Peer, scenario: Scenario, habits: Habits) -> Dialogue:
    talk = Dialogue(scenario, peer)
    talk.conductor = Conductor(scenario, replace(talk.conductor.setting, habits=habits))
    return talk


def calibrated(peer: type[Peer], **settings: object) -> Habits:
    """After all that a run asks."""
    habits = Habits()
    calibration = Calibration(habits)
    todo = list(calibration.todo)
    while todo:
        talk = Dialogue(todo.pop(0), peer(**settings))  # type: ignore[arg-type]
        assert calibration.concerns(talk.conductor.scenario)
        talk.conductor = calibration.conductor(talk.conductor.scenario, replace(talk.conductor.setting, habits=habits))
        talk.run()
        todo += calibration.heard(talk.conductor)
    return habits


def test_a_plain_peer_answers_all_as_often_as_it_is_asked() -> None:
    habits = calibrated(Peer)
    assert habits.questions == (OCTET_BELOW, EMPTY_BELOW, NEXT_OCTET)
    assert {answer.gap for answer in habits.answers.values()} == {0.0}
    assert not habits.shared


def test_a_peer_that_is_silent_below_the_window_is_asked_in_order() -> None:
    habits = calibrated(Peer, faults=dict(SILENT))
    assert habits.questions == (NEXT_OCTET,)
    talk = talk_with(Peer(faults=dict(SILENT)), scenarios.ALL["open"], habits)
    talk.run()
    assert talk.opinion().word is Verdict.PASS
    talk = talk_with(Peer(faults=dict(SILENT)), scenarios.ALL["simultaneous-close"], habits)
    talk.run()
    assert (talk.opinion().word, talk.opinion().why) == (Verdict.SKIP, Why.UNASKED)


@pytest.mark.parametrize("gap", [0.5, 1.0, 2.0])
def test_a_limit_is_learned_and_waited_out(gap: float) -> None:
    class Slow(Limited):
        pass

    Slow.gap = gap
    habits = calibrated(Slow)
    assert habits.answers[OCTET_BELOW].gap == pytest.approx(gap, abs=0.1)
    for name in ("syn-close-wait", "time-wait-old-data", "half-open-syn", "bad-ack-syn-received"):
        talk = talk_with(Slow(), scenarios.ALL[name], habits)
        talk.run()
        assert talk.opinion().word is Verdict.PASS, name


def test_a_limit_of_empty_answers_is_none_of_text() -> None:
    class Linux(Limited):
        all_kinds = False

    habits = calibrated(Linux)
    assert habits.answers[OCTET_BELOW].gap == 0.0
    assert habits.answers[EMPTY_BELOW].gap == pytest.approx(0.55)
    assert habits.limit(OCTET_BELOW)[1] == 0.0


def test_a_limit_of_the_host_is_kept_by_all_exchanges() -> None:
    habits = Habits(answers={OCTET_BELOW: Answered(Question.OCTET_BELOW, 3, 2, 0.001, 0.55, shared=True)})
    times = []
    for _ in range(2):
        talk = talk_with(Peer(), scenarios.ALL["data-again"], habits)
        talk.run()
        asked = [e.time for _, e in talk.conductor.transcript.seen() if e.to_peer and e.segment.length == 10]
        times.append(asked[-1])
    assert times[1] - times[0] >= 0.5


def test_a_wait_until_the_interval_is_known_ends_when_another_exchange_learns_it() -> None:
    habits = Habits()
    assert habits.seconds(Span.STOPS) == FINAL
    habits.intervals["S."] = 1.0
    talk = talk_with(Peer(), scenarios.ALL["synack-stops"], habits)
    talk.run()
    events = [e for e in talk.conductor.transcript.judged if isinstance(e, Seen)]
    assert talk.now - events[-1].time < 3.0


def test_nothing_is_sent_while_an_answer_may_be_in_flight() -> None:
    talk = Dialogue(scenarios.ALL["syn-again-syn-received"], Peer())
    talk.run()
    seen = [e for _, e in talk.conductor.transcript.seen()]
    again = [i for i, e in enumerate(seen) if e.to_peer and e.segment.text().startswith("S ")][1]
    assert not seen[again + 1].to_peer, "our ACK waits for what answers the SYN"


@pytest.mark.parametrize("lost", [{3}, {3, 5}, {3, 4, 5, 6}])
def test_clearing_up_survives_lost_segments(lost: set[int]) -> None:
    """Our third segment and later ones are lost: the RSTs and the questions of the clearing."""
    peer = Peer()
    scenario = Scenario("two", "a handshake left alone", scenarios.ALL["open"].steps[:3], (), "")
    talk = Dialogue(scenario, peer, loses=lambda to_peer, count: to_peer and count in lost)
    talk.run()
    assert peer.tcb.state.value in ("LISTEN", "CLOSED")


def test_text_keeps_what_the_peer_asked_for_and_what_the_path_takes() -> None:
    for mtu, most in ((1280, 1220), (576, 516)):
        habits = Habits()
        habits.takes(mtu)
        talk = talk_with(Peer(), scenarios.ALL["full-segments"], habits)
        talk.run()
        assert max(e.segment.length for _, e in talk.conductor.transcript.seen() if e.to_peer) == most
