"""The conductor as dialogues: peers that are missing, refuse or vanish, an interrupt, and what it leaves behind."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from probe import scenarios
from probe.engine.belief.events import Done, Seen, Send, WakeAt
from probe.engine.judge.excuses import Doubt
from probe.engine.path.resting import expects_silence
from probe.engine.play.conductor import Conductor, Setting
from probe.results.path import Path, Standing, Suspect, Suspicion
from probe.results.verdict import Verdict
from probe.scenarios.steps import Scenario, Span
from probe.scenarios.triggers import NONE, TARGET
from probe.spec.segment import ACK, RST, Segment, flags_text
from probe.spec.seq import Seq
from probe.spec.states import State
from tests.helpers.dialogue import Dialogue
from tests.helpers.faults import altered, as_before, silent
from tests.helpers.peer import Fault, closed_port
from tests.helpers.play import peer_for

each_scenario = pytest.mark.parametrize("scenario", scenarios.ALL.values(), ids=lambda s: s.id)
GONE = {State.CLOSED, State.LISTEN, State.TIME_WAIT}


@each_scenario
def test_missing_peer(scenario: Scenario) -> None:
    talk = Dialogue(scenario, peer_for(scenario), loses=lambda to_peer, count: to_peer == (scenario.opens == "us"))
    talk.run()
    found = talk.opinion()
    assert (found.word, found.doubt) == (Verdict.INCONCLUSIVE, Doubt.NO_EVIDENCE)
    assert ("no answer" if scenario.opens == "us" else "opened no connection") in found.reason


@pytest.mark.parametrize("scenario", [s for s in scenarios.ALL.values() if s.opens == "us"], ids=lambda s: s.id)
def test_refusing_peer(scenario: Scenario) -> None:
    talk = Dialogue(scenario, closed_port())
    talk.run()
    assert talk.opinion().word is (Verdict.PASS if scenario.port == "closed" else Verdict.INCONCLUSIVE)


@each_scenario
def test_peer_that_vanishes_midway_is_not_called_conforming(scenario: Scenario) -> None:
    """However many of its segments came by: silence from then on is a doubt, no finding at once, and no pass."""
    whole = Dialogue(scenario, peer_for(scenario))
    whole.run()
    answers = sum(not event.to_peer for _, event in whole.conductor.transcript.seen())
    for heard in range(1, answers):

        def loses(to_peer: bool, count: int, *, most: int = heard) -> bool:
            return not to_peer and count > most

        talk = Dialogue(scenario, peer_for(scenario), loses=loses)
        talk.run()
        found = talk.opinion()
        silence = scenario.id in {"old-syn-time-wait", "time-wait-old-stamp"}  # for an old SYN (RFC 6191)
        permitted = silence and heard == answers - 1
        assert found.word is not Verdict.PASS or permitted, (heard, found)
        assert found.doubt is not Doubt.UNEXPLAINED, (heard, found)


@each_scenario
@pytest.mark.parametrize(
    "faults",
    [{}, {"E6": silent}, {"F5": as_before}, {"L4": altered(ack=1)}, {"CLOSE": silent}, {"R9": as_before}],
    ids=["conforming", "E6", "F5", "L4", "CLOSE", "R9"],
)
def test_no_connection_is_left_on_the_peer(scenario: Scenario, faults: dict[str, Fault]) -> None:
    stack = replace(peer_for(scenario), faults=faults)
    talk = Dialogue(scenario, stack)
    talk.run()
    stubborn = "F5" in faults and scenario.id not in {"refused", "two-way-only", "isn-differs"}
    assert stack.tcb.state in GONE or stubborn


@each_scenario
def test_interrupt_resets_what_is_open(scenario: Scenario) -> None:
    """After any number of events: one RST where the peer expects it, then nothing more."""
    for steps in range(1, 14):
        stack = peer_for(scenario)
        talk = Dialogue(scenario, stack)
        talk.begin()
        for _ in range(steps):
            if not talk.conductor.finished:
                talk.step()
        commands = talk.conductor.interrupt()
        assert commands[-1] == Done()
        assert talk.conductor.finished
        assert talk.conductor.woken(1e9) == []
        talk.deliver()
        for command in commands:
            if isinstance(command, Send):
                assert command.segment.flags & RST
                stack.arrives(command.segment, talk.now)
        assert stack.tcb.state in GONE


def test_wakes_early_and_late() -> None:
    made = Conductor(scenarios.ALL["open"], Setting(Seq(7)))
    first, wake = made.start(10.0)
    assert isinstance(first, Send)
    assert wake == WakeAt(11.0)
    assert made.woken(10.5) == [WakeAt(11.0)]
    for turn in range(3):  # one lost SYN, or two, must not end it all
        now = 10.0 + turn
        made.seen(Seen(now, True, first.segment))
        assert not made.transcript.missing
        assert any(isinstance(command, Send) for command in made.woken(now + 1.0))
    assert made.transcript.missing[0].what == "S."


def test_a_syn_that_is_sent_again_accuses_nobody_whatever_was_lost() -> None:
    """The SYN, the answer to it, the answer to the second one: a peer that conforms passes or tells nothing."""
    for name in ("open", "refused", "close-by-us"):
        scenario = scenarios.ALL[name]
        for lost in ((True, 1), (False, 1), (False, 2), (True, 2)):
            vanished = [lost]
            talk = Dialogue(scenario, peer_for(scenario), loses=lambda *one, gone=vanished: one in gone)
            talk.run()
            found = talk.opinion()
            assert not found.findings or found.doubt is Doubt.LOSS, (name, lost, found)
            if lost == (True, 1):
                assert found.word is Verdict.PASS, (name, found)
                assert found.controls.silent == (0,)  # a loss that counts


def test_what_follows_a_segment_that_draws_nothing_leaves_a_little_later() -> None:
    """A peer that found both at once might not do with them what it does with one after the other."""
    talk = Dialogue(scenarios.ALL["isn-differs"], peer_for(scenarios.ALL["isn-differs"]))
    talk.run()
    ours = [e for _, e in talk.conductor.transcript.seen() if e.to_peer]
    assert [flags_text(e.segment.flags) for e in ours[:3]] == ["S", "R", "S"]
    apart = talk.conductor.setting.habits.apart(talk.conductor.watch.point, ours[1:2])
    assert ours[2].time - ours[1].time == pytest.approx(apart, abs=apart / 9)


def test_text_of_the_peer_is_acknowledged_but_not_its_fin() -> None:
    talk = Dialogue(scenarios.ALL["half-close"], peer_for(scenarios.ALL["half-close"]))
    talk.run()
    ours = [e.segment for _, e in talk.conductor.transcript.seen() if e.to_peer]
    theirs = [e.segment for _, e in talk.conductor.transcript.seen() if not e.to_peer]
    text = next(s for s in theirs if s.length)
    assert any(s.flags == ACK and s.ack == text.seq + text.length for s in ours)


def test_a_command_without_a_line_is_refused() -> None:
    with pytest.raises(ValueError, match="needs the command 'close'"):
        Dialogue(scenarios.ALL["close-by-peer"], peer_for(scenarios.ALL["close-by-peer"]), NONE).run()


def test_our_own_kernel_is_noted() -> None:
    made = Conductor(scenarios.ALL["open"], Setting(Seq(7), TARGET))
    made.start(0.0)
    event = Seen(0.1, True, Segment(Seq(8), flags=RST))
    made.foreign(event)
    assert made.transcript.foreign == [event]


@pytest.mark.parametrize(("standing", "span"), [(Standing.OPEN, Span.ANSWER), (Standing.ACCEPTED, Span.SILENCE)])
def test_no_answer_is_waited_for_to_what_a_filter_is_known_to_keep_back(standing: Standing, span: Span) -> None:
    scenario = scenarios.ALL["data-outside"]
    talk = Dialogue(scenario, peer_for(scenario), loses=lambda to_peer, count: to_peer and count == 4)
    habits = talk.conductor.setting.habits
    path = Path(suspicions=(Suspicion(Suspect.FILTER, standing, variant="invalid"),))
    habits.silenced = partial(expects_silence, path)
    (missing,) = talk.run().transcript.missing
    assert (missing.what, missing.waited) == ("settled", habits.seconds(span))
