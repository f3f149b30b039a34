"""A pass has shown what its exchange is about: over every exchange, against conforming, moody and faulty peers."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from probe import scenarios
from probe.engine.judge.attempt import Opinion
from probe.results.verdict import Verdict, Why
from probe.scenarios.steps import Scenario
from probe.scenarios.triggers import HTTP, TARGET, Trigger, missing
from probe.spec.segment import FIN
from tests.helpers.dialogue import Dialogue
from tests.helpers.faults import resets, silent
from tests.helpers.peer import Fault, Peer
from tests.helpers.play import peer_for

each_scenario = pytest.mark.parametrize("scenario", scenarios.ALL.values(), ids=lambda s: s.id)
ROWS = ("L4", "R9", "E3", "E6", "F4", "F5", "V3", "V4", "W3", "W4", "A2", "S6", "T12", "CLOSE", "RETRANSMIT")


def opinion(scenario: Scenario, peer: Peer, trigger: Trigger = TARGET) -> Opinion:
    talk = Dialogue(scenario, peer, trigger)
    talk.run(limit=600.0)
    return talk.opinion()


def check_pass(found: Opinion, scenario: Scenario) -> None:
    assert found.reached is not None or found.word is not Verdict.PASS
    if found.word is Verdict.PASS:
        assert set(scenario.shows) <= set(found.rules), (scenario.id, found)
        assert found.reached is not None
        assert found.reached.lacking == ()


@each_scenario
def test_no_pass_without_what_it_is_to_show(scenario: Scenario) -> None:
    for seed in range(4):
        mood = random.Random(seed)
        moody = replace(peer_for(scenario), merges=mood.random() < 0.5, choose=mood.choice)
        check_pass(opinion(scenario, moody), scenario)
    faults: tuple[Fault, ...] = (silent, resets)
    for row in ROWS:
        for fault in faults:
            check_pass(opinion(scenario, replace(peer_for(scenario), faults={row: fault})), scenario)


def closes_at_once(peer: Peer) -> Peer:
    """Behind it a server that closes whatever comes, before it was asked to."""

    def establishes(peer: Peer, segment: object, reaction: object, out: list) -> list:  # type: ignore[type-arg]
        return [*out, *peer.call("CLOSE")]

    return replace(peer, faults={"R9": establishes}, obeys=False)


@pytest.mark.parametrize("name", ["close-by-peer", "close-by-us", "data-again", "half-close-by-peer"])
def test_a_server_that_closes_by_itself_is_skipped_and_says_so(name: str) -> None:
    """The FIN came before our text: nothing of the exchange can be shown, whatever the text then draws."""
    scenario = scenarios.ALL[name]
    trigger = replace(HTTP, obedient=False)
    if missing(trigger, scenario.commands):
        trigger = replace(TARGET, obedient=False)
    talk = Dialogue(scenario, closes_at_once(Peer()), trigger)
    talk.run(limit=600.0)
    found = talk.opinion()
    came = [e.segment for _, e in talk.conductor.transcript.seen() if not e.to_peer]
    assert any(segment.flags & FIN for segment in came)
    check_pass(found, scenario)
    if found.word is Verdict.SKIP:
        assert found.why is Why.APPLICATION


def test_what_prevented_it_is_told_with_the_packet() -> None:
    """A peer that resets on the third segment never comes to the state the exchange is about."""
    scenario = scenarios.ALL["time-wait-restarted"]
    found = opinion(scenario, replace(Peer(), faults={"T12": resets}))
    assert (found.word, found.why) == (Verdict.INCONCLUSIVE, Why.NOT_REACHED)
    assert found.reason.startswith("not reached: the peer was CLOSED, reset by ")
