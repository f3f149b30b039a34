"""What the attempts of one run come to: a stack that takes both readings is told, and passes."""

from __future__ import annotations

import pytest

from probe.engine.judge import Doubt, Opinion, judge
from probe.engine.verdict import Mixed, Word
from probe.scenarios.steps import Scenario
from probe.session.attempt import Attempt, case_of
from probe.session.verdicts import Hearing
from probe.spec.segment import Endpoint, Flow
from tests.engine.test_mixed import RST_INSIDE, SYN_INSIDE, classic_for
from tests.helpers.dialogue import Dialogue
from tests.helpers.peer import Peer

HERE, THERE = Endpoint("192.0.2.2", 5000), Endpoint("192.0.2.1", 80)


def heard(*played: tuple[Scenario, Peer]) -> Hearing:
    hearing = Hearing(THERE, [scenario for scenario, _ in played])
    for scenario, peer in played:
        hearing.add(scenario)
        talk = Dialogue(scenario, peer)
        talk.run()
        attempt = Attempt(scenario, talk.conductor, Flow(HERE, THERE))
        hearing.attempts[scenario.id].append(attempt)
        hearing.opinions[scenario.id].append(judge(case_of(attempt)))
    return hearing


def test_a_stack_that_takes_both_readings_passes_and_is_told() -> None:
    hearing = heard((SYN_INSIDE, classic_for("F6")), (RST_INSIDE, classic_for("F6")))
    assert {r.verdict for r in hearing.results(dropped=0, interrupted=False)} == {Word.PASS}
    assert hearing.mixed() == Mixed(("rst-inside",), ("syn-inside",))


@pytest.mark.parametrize("rows", [(), ("F5", "F6")])
def test_a_stack_that_keeps_to_one_is_not(rows: tuple[str, ...]) -> None:
    assert heard((SYN_INSIDE, classic_for(*rows)), (RST_INSIDE, classic_for(*rows))).mixed() is None


def test_an_attempt_in_doubt_tells_nothing() -> None:
    hearing = heard((SYN_INSIDE, classic_for("F6")), (RST_INSIDE, classic_for("F6")))
    hearing.opinions["rst-inside"] = [Opinion(Word.FAIL, doubt=Doubt.LOSS)]
    assert hearing.mixed() is None


def test_what_was_never_played_because_the_target_fell_silent_says_so() -> None:
    hearing = heard((SYN_INSIDE, Peer()))
    hearing.opinions["open"] = [Opinion(Word.PASS)]
    hearing.scenarios.append(RST_INSIDE)
    hearing.add(RST_INSIDE)
    last = hearing.results(dropped=0, interrupted=False)[-1]
    assert (last.verdict, last.reason) == (Word.INCONCLUSIVE, "not played: the target answered no longer")
