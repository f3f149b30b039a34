"""A conforming peer passes every exchange, whatever it chooses among what is permitted, and shows the named rules."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from probe import scenarios
from probe.engine.judge.attempt import Opinion
from probe.engine.judge.jury import settle
from probe.results.verdict import Verdict, Why
from probe.scenarios.steps import Scenario
from probe.scenarios.triggers import HTTP, NONE, TARGET, Trigger, missing, user_line
from probe.spec.reaction import PROFILES, Reaction
from probe.spec.seq import Seq
from probe.spec.states import State
from tests.helpers.dialogue import Dialogue
from tests.helpers.peer import Peer
from tests.helpers.play import CLEAN, attempts, losing, peer_for, whole_run

Choice = Callable[[tuple[Reaction, ...]], Reaction]
each_scenario = pytest.mark.parametrize("scenario", scenarios.ALL.values(), ids=lambda s: s.id)
ISNS = (0, 5, 0x7FFFFFFF, 0xFFFFFFFD, 0xFFFFFFFE, 0xFFFFFFFF)
GONE = {State.CLOSED, State.LISTEN, State.TIME_WAIT}


def judged(
    scenario: Scenario, *, trigger: Trigger = TARGET, profile: str = "rfc9293", iss: int = 0xFFFFFFFD, **peer: object
) -> Opinion:
    """The opinion of one attempt at a conforming peer, which must be left without a connection."""
    stack = replace(peer_for(scenario), profile=profile, **peer)  # type: ignore[arg-type]
    talk = Dialogue(scenario, stack, trigger, profile, iss)
    talk.run()
    assert stack.tcb.state in GONE
    return talk.opinion()


def first(reactions: tuple[Reaction, ...]) -> Reaction:
    return reactions[0]


def last(reactions: tuple[Reaction, ...]) -> Reaction:
    """The last alternative; a half-close promises to go on reading, so no RST there (RFC 9293 section 3.6.1)."""
    return reactions[0] if reactions[0].row in {"V3", "W3"} else reactions[-1]


def always(row: str, number: int) -> Choice:
    """That alternative at that row, the first one elsewhere."""
    return lambda reactions: reactions[min(number, len(reactions) - 1)] if reactions[0].row == row else reactions[0]


def alternatives(scenario: Scenario, profile: str) -> list[tuple[str, int]]:
    """Every (row, number) a conforming peer could have chosen instead of the first in this exchange."""
    met: dict[str, int] = {}

    def noting(reactions: tuple[Reaction, ...]) -> Reaction:
        met[reactions[0].row] = max(len(reactions), met.get(reactions[0].row, 0))
        return reactions[0]

    judged(scenario, profile=profile, choose=noting)
    return [(row, k) for row, count in met.items() if row not in {"V3", "W3"} for k in range(1, count)]


def is_kept(scenario: Scenario, found: Opinion) -> bool:
    """Whether it passed, or was skipped as it is about an optional mechanism alone, which this peer does not use."""
    unused = not scenario.shows and (found.word, found.why) == (Verdict.SKIP, Why.NOT_REACHED)
    return found.word is Verdict.PASS or unused


@each_scenario
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("choose", [first, last], ids=["first", "last"])
@pytest.mark.parametrize("merges", [False, True], ids=["apart", "merged"])
def test_conforming_peer_passes(scenario: Scenario, profile: str, choose: Choice, merges: bool) -> None:
    for iss in ISNS:
        found = judged(scenario, profile=profile, iss=iss, choose=choose, merges=merges)
        assert is_kept(scenario, found), found
        assert set(scenario.shows) - set(found.rules) == set()


@each_scenario
def test_every_permitted_alternative_passes(scenario: Scenario) -> None:
    for profile in PROFILES:
        for row, number in alternatives(scenario, profile):
            found = judged(scenario, profile=profile, choose=always(row, number))
            assert is_kept(scenario, found), (profile, row, number, found)


@each_scenario
def test_moody_but_conforming_peer_passes(scenario: Scenario) -> None:
    for seed in range(20):
        mood = random.Random(seed)
        found = judged(scenario, choose=lambda r, mood=mood: r[0] if r[0].row in {"V3", "W3"} else mood.choice(r))
        assert is_kept(scenario, found), (seed, found)


@each_scenario
@pytest.mark.parametrize("iss", [0, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF])
def test_isn_of_the_peer_does_not_matter(scenario: Scenario, iss: int) -> None:
    stack = replace(peer_for(scenario), iss=Seq(iss))
    talk = Dialogue(scenario, stack)
    talk.run()
    assert talk.opinion().word is Verdict.PASS


@each_scenario
def test_acknowledgments_may_be_delayed(scenario: Scenario) -> None:
    found = judged(scenario, delay_acks=0.35, rto=0.4)
    assert found.word is Verdict.PASS, found


@each_scenario
@pytest.mark.parametrize("trigger", [HTTP, user_line("GET / HTTP/1.0\\r\\n\\r\\n")], ids=["http", "line"])
def test_web_server_passes_what_it_can_serve(scenario: Scenario, trigger: Trigger) -> None:
    if missing(trigger, scenario.commands):
        assert set(scenario.commands) - {"close"}
        return
    found = judged(scenario, trigger=trigger, speaks_http=True)
    assert found.word is Verdict.PASS, found
    assert set(scenario.shows) - set(found.rules) == set()


def test_without_a_trigger_only_exchanges_with_commands_are_skipped() -> None:
    for scenario in scenarios.ALL.values():
        assert bool(missing(NONE, scenario.commands)) is bool(scenario.commands)
        assert not missing(TARGET, scenario.commands)


def test_profile_of_another_kind_is_told_apart() -> None:
    """A classic stack conforms to RFC 9293 too; a stack with RFC 5961 reactions does under both newer profiles."""
    for profile in ("rfc793", "rfc5961"):
        for scenario in scenarios.ALL.values():
            stack = replace(peer_for(scenario), profile=profile)
            talk = Dialogue(scenario, stack, profile="rfc9293")
            talk.run()
            assert talk.opinion().word is Verdict.PASS


@pytest.mark.parametrize("seed", range(45))
def test_lossy_path_is_never_the_peers_fault(seed: int) -> None:
    mood = random.Random(seed)

    def moody(scenario: Scenario) -> Peer:
        return replace(peer_for(scenario), merges=mood.random() < 0.5, choose=mood.choice if seed % 3 == 0 else first)

    def chooses(scenario: Scenario) -> Peer:
        stack = moody(scenario)
        return replace(stack, choose=first) if scenario.id == "half-close-by-peer" else stack

    share = (1 + seed % 30) / 100
    found = whole_run(chooses, losing(share, seed))
    wrong = {name: o for name, o in found.items() if o.word in {Verdict.FAIL, Verdict.WARN}}
    assert wrong == {}


@each_scenario
def test_slight_loss_ends_in_a_pass_after_another_attempt(scenario: Scenario) -> None:
    """One segment lost in the first attempt: whatever it looked like, the next attempt clears it."""
    for to_peer in (False, True):
        for number in range(1, 8):
            lost = iter([True])

            def loses(direction: bool, count: int, *, d: bool = to_peer, n: int = number) -> bool:
                return direction is d and count == n and next(lost, False)  # noqa: B023 - used up within the turn

            heard = attempts(scenario, lambda: peer_for(scenario), loses=loses)
            found = settle(heard, CLEAN)
            assert found.word in {Verdict.PASS, Verdict.INCONCLUSIVE}, (to_peer, number, heard)
            if found.word is Verdict.INCONCLUSIVE:
                assert "attempt" in found.reason or found.reason.startswith("no answer")
