"""A stack that keeps to one reading is left alone; one that takes both is told with the exchanges on either side."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probe import scenarios
from probe.engine.belief.tracker import UNKNOWN_PORT, Terms
from probe.engine.judge.case import Case
from probe.engine.trial.hearing import Lean, lean, mixed_readings
from probe.results.verdict import MixedReadings
from probe.scenarios.steps import NXT, OPEN, Expect, Question, Scenario, Send
from probe.spec.reaction import CLASSIC, Reaction
from tests.helpers.dialogue import Dialogue
from tests.helpers.peer import Peer

SYN_INSIDE = Scenario(
    id="syn-inside",
    title="a SYN in the window",
    steps=(*OPEN, Send("S", seq=NXT + 10, counts=False), Expect("settled"), Question()),
    shows=(),
    clause="",
)
RST_INSIDE = replace(
    SYN_INSIDE, id="rst-inside", steps=(*OPEN, Send("R", seq=NXT + 10, counts=False), Expect("settled"), Question())
)
BOTH_INSIDE = replace(SYN_INSIDE, id="both-inside", steps=(*RST_INSIDE.steps, *SYN_INSIDE.steps[len(OPEN) :]))


def classic_for(*rows: str) -> Peer:
    """A stack with the mitigations everywhere but in these rows of SEGMENT ARRIVES."""

    def choose(reactions: tuple[Reaction, ...]) -> Reaction:
        return next((r for r in reactions if r.row in rows and r.only == CLASSIC), reactions[0])

    return Peer(choose=choose)


def played(scenario: Scenario, peer: Peer, profile: str = "rfc9293") -> Case:
    talk = Dialogue(scenario, peer, profile=profile)
    talk.run()
    return Case(scenario, talk.conductor.transcript, UNKNOWN_PORT, talk.terms, obedient=True)


@pytest.mark.parametrize(
    ("scenario", "rows", "expected"),
    [
        (SYN_INSIDE, (), Lean.MITIGATED),
        (SYN_INSIDE, ("F6",), Lean.CLASSIC),
        (RST_INSIDE, (), Lean.MITIGATED),
        (RST_INSIDE, ("F5",), Lean.CLASSIC),
        (BOTH_INSIDE, ("F6",), Lean.BOTH),
        (scenarios.ALL["close-by-us"], (), Lean.EITHER),
        (scenarios.ALL["old-syn-established"], (), Lean.EITHER),
    ],
)
def test_the_reading_a_record_needs(scenario: Scenario, rows: tuple[str, ...], expected: Lean) -> None:
    assert lean(played(scenario, classic_for(*rows))) is expected


@pytest.mark.parametrize("profile", ["rfc793", "rfc5961"])
def test_the_reading_does_not_depend_on_the_profile_it_was_judged_by(profile: str) -> None:
    assert lean(played(SYN_INSIDE, Peer(profile=profile), profile)) is (
        Lean.CLASSIC if profile == "rfc793" else Lean.MITIGATED
    )


def test_what_neither_reading_explains_is_left_to_the_judge() -> None:
    silent = Peer(faults={"F6": lambda peer, segment, reaction, out: []})
    case = replace(played(SYN_INSIDE, silent), terms=Terms())
    assert lean(case) is Lean.EITHER


@pytest.mark.parametrize("rows", [(), ("F5", "F6")])
def test_a_stack_that_keeps_to_one_reading_is_not_mixed(rows: tuple[str, ...]) -> None:
    played_all = [(s.id, lean(played(s, classic_for(*rows)))) for s in (SYN_INSIDE, RST_INSIDE, scenarios.ALL["open"])]
    assert mixed_readings(played_all) is None


def test_a_stack_that_mixes_is_told_by_its_exchanges() -> None:
    found = [(s.id, lean(played(s, classic_for("F6")))) for s in (SYN_INSIDE, RST_INSIDE, scenarios.ALL["open"])]
    assert mixed_readings(found) == MixedReadings(("rst-inside",), ("syn-inside",))


def test_one_exchange_may_be_on_both_sides_and_is_named_once() -> None:
    assert mixed_readings([("a", Lean.BOTH), ("a", Lean.MITIGATED)]) == MixedReadings(("a",), ("a",))
    assert mixed_readings([]) is None
