"""What the attempts of one run come to: a stack that takes both readings is told, and passes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probe.engine.judge.attempt import Opinion, judge
from probe.engine.judge.excuses import Doubt
from probe.engine.trial.attempt import Attempt, case_of
from probe.engine.trial.hearing import Hearing
from probe.results.proofs import Canonical
from probe.results.verdict import Finding, MixedReadings, Verdict
from probe.scenarios.steps import Scenario
from probe.spec.rules import Level
from probe.spec.segment import Endpoint, Flow
from tests.engine.trial.test_readings import RST_INSIDE, SYN_INSIDE, classic_for
from tests.helpers.dialogue import Dialogue
from tests.helpers.peer import Peer

HERE, THERE = Endpoint("192.0.2.2", 5000), Endpoint("192.0.2.1", 80)


def heard(*played: tuple[Scenario, Peer], profile: str = "rfc9293") -> Hearing:
    hearing = Hearing(THERE, [scenario for scenario, _ in played])
    for scenario, peer in played:
        hearing.add(scenario)
        talk = Dialogue(scenario, peer, profile=profile)
        talk.run()
        attempt = Attempt(scenario, talk.conductor, Flow(HERE, THERE))
        hearing.attempts[scenario.id].append(attempt)
        hearing.opinions[scenario.id].append(judge(case_of(attempt)))
    return hearing


def test_a_stack_that_takes_both_readings_passes_and_is_told() -> None:
    hearing = heard((SYN_INSIDE, classic_for("F6")), (RST_INSIDE, classic_for("F6")))
    assert {r.verdict for r in hearing.results(interrupted=False)} == {Verdict.PASS}
    assert hearing.mixed_readings() == MixedReadings(("rst-inside",), ("syn-inside",))


@pytest.mark.parametrize("rows", [(), ("F5", "F6")])
def test_a_stack_that_keeps_to_one_is_not(rows: tuple[str, ...]) -> None:
    assert heard((SYN_INSIDE, classic_for(*rows)), (RST_INSIDE, classic_for(*rows))).mixed_readings() is None


def test_an_attempt_in_doubt_tells_nothing() -> None:
    hearing = heard((SYN_INSIDE, classic_for("F6")), (RST_INSIDE, classic_for("F6")))
    hearing.opinions["rst-inside"] = [Opinion(Verdict.FAIL, tried=((Doubt.LOSS, True),))]
    assert hearing.mixed_readings() is None


def test_what_was_never_played_because_the_target_fell_silent_says_so() -> None:
    hearing = heard((SYN_INSIDE, Peer()))
    hearing.opinions["open"] = [Opinion(Verdict.PASS)]
    hearing.scenarios.append(RST_INSIDE)
    hearing.add(RST_INSIDE)
    last = hearing.results(interrupted=False)[-1]
    assert (last.verdict, last.reason) == (Verdict.INCONCLUSIVE, "not played: the target answered no longer")


def test_exchanges_do_not_clear_each_other() -> None:
    """One whose attempts differ says nothing of another: it stands or falls alone."""
    hearing = heard((SYN_INSIDE, Peer()), (RST_INSIDE, Peer()))
    finding = Finding("close.fin-acked", Level.SPEC, "RFC 9293 3.6", "F.", ".", "nothing")
    silent = Opinion(Verdict.FAIL, findings=(finding,), tried=((Doubt.LOSS, True),))
    hearing.attempts["open"] = hearing.attempts["syn-inside"] * 100  # so many controls show that nothing is lost
    hearing.opinions["open"] = hearing.opinions["syn-inside"] * 100
    hearing.attempts["syn-inside"] *= 3
    hearing.opinions["syn-inside"] = [silent] * 3
    hearing.attempts["rst-inside"] *= 8
    hearing.opinions["rst-inside"] = [replace(silent, departure=Canonical((finding.rule,), n)) for n in range(8)]
    first, second = hearing.results(interrupted=False)
    assert (first.verdict, first.reason) == (Verdict.FAIL, "")
    assert second.verdict is Verdict.INCONCLUSIVE
    assert second.reason == "departed in 8 of 8 attempts, each time another way"
