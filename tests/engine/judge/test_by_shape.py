"""What is remembered of a record by its shape: a plain pass, and nothing that rests on more than the shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from probe import scenarios
from probe.engine.belief.events import Seen, Transcript
from probe.engine.judge.attempt import judge
from probe.engine.judge.by_shape import ShapeJudge
from probe.engine.judge.case import Case
from probe.results.verdict import Verdict
from tests.helpers.dialogue import Dialogue
from tests.helpers.faults import altered
from tests.helpers.peer import Fault, Peer, closed_port
from tests.helpers.unplain import UNPLAIN, sealed_early


def played(name: str, iss: int = 5, **faults: Fault) -> Dialogue:
    """An exchange against a peer with these defects, the packets numbered from the ISN on."""
    scenario = scenarios.ALL[name]
    peer = closed_port() if scenario.port == "closed" else Peer(faults=faults)
    dialogue = Dialogue(scenario, peer, iss=iss)
    events = dialogue.run().transcript.events
    events[:] = [replace(e, number=iss + i) if isinstance(e, Seen) else e for i, e in enumerate(events)]
    return dialogue


def direct(dialogue: Dialogue) -> Case:
    conductor = dialogue.conductor
    return Case(conductor.scenario, conductor.transcript, dialogue.belief, dialogue.terms, dialogue.trigger.obedient)


def judging(dialogue: Dialogue) -> ShapeJudge:
    return ShapeJudge(dialogue.conductor.scenario, dialogue.belief, dialogue.terms, dialogue.trigger.obedient)


@pytest.mark.parametrize("changed", UNPLAIN)
def test_what_rests_on_more_than_its_shape_leaves_nothing_behind(changed: Callable[[Transcript], None]) -> None:
    """MUST-40 is about time, a seal about what came after it: whichever comes first, each is judged by its own."""
    one, other = played("close-by-us"), played("close-by-us", 6)
    changed(one.conductor.transcript)
    assert one.conductor.watch.point is other.conductor.watch.point
    remembering = judging(one)
    for dialogue in (one, other, one):
        found = remembering.opinion(dialogue.conductor.transcript, dialogue.conductor.watch)
        assert replace(found, reached=None) == replace(judge(direct(dialogue)), reached=None)
        assert (found.word is Verdict.PASS) is (dialogue is other) or changed is sealed_early


def test_a_finding_names_the_packets_of_its_own_record() -> None:
    one, other = (played("close-by-us", iss, E6=altered(ack=-1)) for iss in (5, 600))
    assert one.conductor.watch.point is other.conductor.watch.point
    remembering = judging(one)
    opinions = [remembering.opinion(d.conductor.transcript, d.conductor.watch) for d in (one, other)]
    assert opinions == [judge(direct(one)), judge(direct(other))]
    assert [opinion.word for opinion in opinions] == [Verdict.WARN, Verdict.WARN]
    assert opinions[0] != opinions[1]


def test_a_plain_pass_is_remembered() -> None:
    one, other = played("close-by-us"), played("close-by-us", 6)
    remembering = judging(one)
    first, second = (remembering.opinion(d.conductor.transcript, d.conductor.watch) for d in (one, other))
    assert second is first
    assert first.reached is None  # its packets are one record's alone
