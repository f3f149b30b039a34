"""New syns are spaced out; a listener that seems crowded gets fewer at a time, never accused for it."""

from __future__ import annotations

import time

import pytest

from probe import scenarios
from probe.engine.belief.events import Seen
from probe.engine.judge.attempt import Opinion
from probe.engine.judge.excuses import Doubt
from probe.engine.path.loss import Controls
from probe.engine.trial.attempt import Attempt
from probe.live.loop import Loop
from probe.live.pacing import LONGEST, Backlog, Pace, syns
from probe.results.path import Loss, Path, Standing, Suspect, Suspicion
from probe.results.verdict import Verdict
from probe.scenarios.steps import Scenario
from probe.spec.segment import ACK, RST, SYN, Segment
from probe.spec.seq import Seq
from tests.frame.test_loop import Echo, attempt

COOKIES = Opinion(Verdict.FAIL, tried=((Doubt.COOKIES, True),))
DUE = Segment(Seq(7), Seq(2), SYN | ACK)


def ended(began: float, *, answered: bool, scenario: Scenario = scenarios.ALL["open"]) -> Attempt:
    """An attempt that sent a SYN at ``began`` and ended a second later."""
    one = attempt(1, patience=1.0)
    one.scenario = scenario
    events = one.conductor.transcript.events
    events.append(Seen(began, True, Segment(Seq(1), flags=SYN)))
    if answered:
        events.append(Seen(began + 1.0, False, DUE))
    return one


def test_exchanges_that_send_more_syns_count_more() -> None:
    assert syns(scenarios.ALL["open"]) == 1
    assert syns(scenarios.ALL["isn-differs"]) == 2
    assert syns(scenarios.ALL["old-syn-established"]) == 2
    assert syns(scenarios.ALL["simultaneous-open"]) == 1


@pytest.mark.parametrize(("rate", "least"), [(100.0, 0.03), (None, 0.0)])
def test_the_loop_keeps_the_pace_and_no_attempt_is_lost(rate: float | None, least: float) -> None:
    line = Echo()
    todo = [attempt(port, patience=0.0) for port in range(4)]
    over: list[Attempt] = []
    began = time.monotonic()
    Loop(line, pace=Pace(rate)).run(lambda: todo.pop(0) if todo else None, over.append, 4)
    assert len(over) == 4
    assert time.monotonic() - began >= least


def test_pauses_grow_to_a_bound_that_the_user_may_exceed() -> None:
    pace, slow = Pace(), Pace(0.5)
    for _ in range(9):
        pace.slower()
        slow.slower()
    assert (pace.gap, slow.gap) == (LONGEST, 2.0)


def test_a_target_that_answers_is_not_slowed_down() -> None:
    crowd = Backlog(5, Pace())
    for began in range(20):
        crowd.heard(ended(began, answered=True), Opinion(Verdict.PASS))
    assert (crowd.width, crowd.warnings("x")) == (5, [])


def test_a_target_that_never_answered_is_not_crowded() -> None:
    crowd = Backlog(5, Pace())
    for began in range(20):
        crowd.heard(ended(began, answered=False), Opinion(Verdict.INCONCLUSIVE))
    assert (crowd.width, crowd.warnings("x")) == (5, [])


def test_unanswered_syns_halve_once_for_those_in_progress_together() -> None:
    pace = Pace()
    crowd = Backlog(5, pace)
    crowd.heard(ended(0.0, answered=True), Opinion(Verdict.PASS))
    for began in (0.9, 1.0, 1.1, 1.2, 3.0, 5.0):
        one = ended(began, answered=False)
        one.conductor.transcript.events.append(Seen(began + 1.0, True, Segment(Seq(1), flags=SYN)))
        crowd.heard(one, None)
    assert crowd.width == 1
    assert pace.gap > 0
    (told,) = crowd.warnings("192.0.2.1:80")
    assert "with 5 connections at a time SYNs were left unanswered" in told
    assert "1 at a time, 0.1 s apart" in told


def test_cookies_slow_down_too() -> None:
    crowd = Backlog(4, Pace())
    crowd.heard(ended(1.0, answered=True), COOKIES)
    crowd.heard(ended(1.0, answered=True), COOKIES)
    assert crowd.width == 2
    assert "SYN cookies" in crowd.warnings("x")[0]
    assert crowd.warnings("x", stateless=True) == []  # it sends them whatever the crowd


def test_cookies_that_come_to_one_alone_are_not_the_crowds() -> None:
    crowd = Backlog(4, Pace())
    for began in range(1, 20, 2):
        crowd.heard(ended(began, answered=True), COOKIES)
    assert (crowd.width, crowd.warnings("x")) == (4, [])


def test_one_lost_syn_is_no_full_backlog_and_answers_speed_up_again() -> None:
    pace = Pace()
    crowd = Backlog(4, pace)
    crowd.heard(ended(0.0, answered=True), None)
    crowd.heard(ended(1.0, answered=False), None)
    assert (crowd.width, crowd.warnings("x")) == (4, [])
    for began in (3.0, 5.0, 7.0):
        crowd.heard(ended(began, answered=False), None)
    assert (crowd.width, pace.gap > 0) == (1, True)
    for began in range(10, 16):
        crowd.heard(ended(began, answered=True), None)
    assert (crowd.width, pace.gap) == (4, 0.0)
    assert "slowed down to 1 at a time" in crowd.warnings("x")[0]


def test_a_closed_port_that_is_filtered_says_nothing() -> None:
    crowd = Backlog(5, Pace())
    crowd.heard(ended(0.0, answered=True), None)
    for began in range(1, 20):
        crowd.heard(ended(float(began), answered=False, scenario=scenarios.ALL["refused"]), None)
    assert crowd.width == 5


LIMIT = Path(Loss(200, 4, syns=50, syns_lost=4))
LOSSY = Path(Loss(600, 40, syns=100, syns_lost=7))


def test_where_syns_alone_are_lost_the_pauses_stay() -> None:
    """Many hosts let pass so many SYNs a second: what was too fast once is too fast."""
    pace = Pace()
    crowd = Backlog(5, pace)
    crowd.heard(ended(0.0, answered=True), None)
    for began in (1.0, 3.0, 5.0):
        crowd.heard(ended(began, answered=False), None, LIMIT)
    slow = pace.gap
    for began in range(10, 40):
        crowd.heard(ended(float(began), answered=True), None)
    assert 0 < pace.gap == slow
    (told,) = crowd.warnings("192.0.2.1:80")
    assert told.startswith("192.0.2.1:80: 4 of 50 SYNs were lost, and hardly anything else")


def test_where_all_segments_are_lost_alike_there_is_no_limit() -> None:
    pace = Pace()
    crowd = Backlog(5, pace)
    crowd.heard(ended(0.0, answered=True), None)
    for began in (1.0, 3.0, 5.0):
        crowd.heard(ended(began, answered=False), None, LOSSY)
    for began in range(10, 40):
        crowd.heard(ended(float(began), answered=True), None)
    assert pace.gap == 0.0


def test_a_syn_that_met_silence_later_in_an_exchange_is_a_sign_too() -> None:
    crowd = Backlog(4, Pace())
    silent = Opinion(Verdict.FAIL, controls=Controls((0,), (1,), (0, 1), opening=(0, 1)))
    crowd.heard(ended(1.0, answered=True), silent)
    crowd.heard(ended(1.0, answered=True), silent)
    assert crowd.width == 2


def test_a_stack_that_ignores_syns_on_a_connection_has_no_full_backlog() -> None:
    crowd = Backlog(4, Pace())
    silent = Opinion(Verdict.WARN, controls=Controls((0,), (1,), (0, 1), opening=(0,)))
    for began in range(6):
        crowd.heard(ended(float(began), answered=True), silent)
    assert (crowd.width, crowd.warnings("x")) == (4, [])


def test_a_path_that_loses_as_much_of_all_else_explains_unanswered_syns() -> None:
    crowd = Backlog(5, Pace())
    for began in range(60):
        crowd.heard(ended(3.0 * began, answered=began % 3 > 0), None, Path(Loss(600, 40, syns=100, syns_lost=7)))
    assert (crowd.width, crowd.warnings("x")) == (5, [])
    for began in range(60, 70):
        crowd.heard(ended(3.0 * began, answered=False), None, Path(Loss(600, 40, syns=100, syns_lost=30)))
    assert crowd.width == 1


def refused(began: float) -> Attempt:
    one = ended(began, answered=False)
    one.conductor.transcript.events.append(Seen(began + 1.0, False, Segment(Seq(0), Seq(2), RST | ACK)))
    return one


def test_syns_refused_by_a_limit_slow_down_for_good() -> None:
    pace = Pace()
    crowd = Backlog(5, pace)
    crowd.heard(ended(0.0, answered=True), None)
    known = Path(suspicions=(Suspicion(Suspect.LIMIT, Standing.ACCEPTED, 3),))
    for began in (1.0, 3.0, 5.0):
        crowd.heard(refused(began), None, known)
    slow = pace.gap
    for began in range(10, 40):
        crowd.heard(ended(float(began), answered=True), None)
    assert 0 < pace.gap == slow
    (told,) = crowd.warnings("192.0.2.1:80")
    assert "SYNs were refused" in told


def test_a_limit_is_known_once_a_syn_was_answered_after_others_met_it() -> None:
    crowd = Backlog(5, Pace())
    crowd.heard(ended(0.0, answered=True), None)
    for began in (1.0, 3.0, 5.0):
        crowd.heard(ended(began, answered=False), None, LIMIT)
    assert not crowd.limited  # whoever is gone answers no more either
    crowd.heard(ended(7.0, answered=True), None)
    assert crowd.limited


def test_a_port_that_only_refuses_is_not_crowded() -> None:
    crowd = Backlog(5, Pace())
    for began in range(20):
        crowd.heard(refused(float(began)), None)
    assert (crowd.width, crowd.warnings("x")) == (5, [])
