"""The suspects of the path before the oracle as the peer: found where they stand, refused where it is at fault."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count

import pytest

from probe import scenarios
from probe.engine.belief.events import Seen
from probe.engine.judge.attempt import judge
from probe.engine.path.deciding import deciding
from probe.engine.path.filter import Label, Settings, Tracking
from probe.engine.path.labelled import Labelled
from probe.engine.path.models import MODELS
from probe.engine.play.conductor import Conductor, Setting
from probe.engine.trial.attempt import Attempt, case_of
from probe.engine.trial.hearing import Hearing
from probe.results.path import Standing, Suspect
from probe.results.verdict import ExchangeResult, Verdict, Why
from probe.scenarios.acceptability.old_ack import OLD
from probe.scenarios.acceptability.old_ack import SCENARIO as OLD_ACK
from probe.scenarios.steps import Scenario, Send, Step
from probe.scenarios.triggers import TARGET
from probe.spec.segment import ACK, FIN, RST, SYN, Endpoint, Flow, Segment
from probe.spec.seq import Seq
from probe.spec.states import State
from tests.helpers.dialogue import Dialogue
from tests.helpers.faults import acks, fin_for_rst, silent
from tests.helpers.peer import Fault, Peer, closed_port

HERE, THERE = Endpoint("192.0.2.2", 5000), Endpoint("192.0.2.1", 80)
PLAYED = (
    "open",
    "synack-retransmitted",
    "ack-outside-syn-received",
    "bad-ack-syn-received",
    "no-ack-flag-syn-received",
    "fin-outside",
    "rst-outside",
    "rst-bad-ack",
    "listen-ack",
    "closed-ack",
    "closed-no-ack",
    "data-outside",
    "data-again",
    "empty-ack",
    "unacceptable-segment",
    "old-syn-established",
    "close-by-us",
)
Drops = Callable[[float, bool, Segment], bool]
"""Gets the time, the direction and a segment; whether it vanishes."""


class Behind(Dialogue):
    """A peer behind something that drops segments of the tester."""

    def __init__(self, scenario: Scenario, peer: Peer, drops: Drops, iss: int) -> None:
        super().__init__(scenario, peer, TARGET, iss=iss)
        self.drops = drops

    def _push(self, delay: float, what: str, segment: Segment | None = None) -> None:
        if segment is not None and self.drops(self.now, what == "out", segment) and what == "out":
            return
        super()._push(delay, what, segment)


class Refused(Behind):
    """What would vanish is answered with a RST, as by a host without that connection (RFC 9293 section 3.10.7.1)."""

    def _push(self, delay: float, what: str, segment: Segment | None = None) -> None:
        if segment is not None and self.drops(self.now, what == "out", segment) and what == "out":
            answer = Segment(segment.ack, flags=RST)
            if not segment.flags & ACK:
                answer = Segment(Seq(0), segment.end, RST | ACK)
            if not segment.flags & RST:
                Dialogue._push(self, delay, "in", answer)
            return
        Dialogue._push(self, delay, what, segment)


class Outgoing(Behind):
    """The same of what the peer sends."""

    def _push(self, delay: float, what: str, segment: Segment | None = None) -> None:
        if segment is None or not self.drops(self.now, what == "out", segment) or what == "out":
            Dialogue._push(self, delay, what, segment)


class Elsewhere(Behind):
    """The port that the peer serves is open to whatever comes."""

    def __init__(self, scenario: Scenario, peer: Peer, drops: Drops, iss: int) -> None:
        served = scenario.opens == "us" and scenario.port == "open"
        super().__init__(scenario, peer, nothing() if served else drops, iss)


def nothing() -> Drops:
    return lambda time, to_peer, segment: False


def tracked(**settings: bool) -> Drops:
    tracking = Tracking(Settings(**settings))
    return lambda time, to_peer, segment: tracking.label(time, to_peer, segment) is Label.INVALID


def in_order() -> Drops:
    """Drops whatever is not the next segment of a connection that began with a SYN."""
    tracking, known = Tracking(Settings(loose=False)), {"expected": 0, "sent": 0}

    def drops(time: float, to_peer: bool, segment: Segment) -> bool:
        label = tracking.label(time, to_peer, segment)
        if not to_peer:
            if segment.flags & ACK and not segment.flags & RST:
                known["expected"] = int(segment.ack)
            known["sent"] = int(segment.end)
            return False
        if label is Label.NEW:
            return False
        outside = int(segment.seq) != known["expected"] or (segment.flags & ACK and int(segment.ack) != known["sent"])
        return label is Label.INVALID or bool(segment.flags & SYN or outside)

    return drops


def run(
    make: Callable[[], Drops],
    faults: Mapping[str, Fault] | None = None,
    *,
    kind: type[Behind] = Behind,
    peer: type[Peer] = Peer,
    more: tuple[Scenario, ...] = (),
    names: tuple[str, ...] = PLAYED,
) -> tuple[Hearing, dict[str, ExchangeResult]]:
    """Every exchange, as often as the jury asks for; what came of them."""
    return played(lambda scenario, end, iss: kind(scenario, end, make(), iss), faults, names, more, peer=peer)


def played(
    behind: Callable[[Scenario, Peer, int], Dialogue],
    faults: Mapping[str, Fault] | None,
    names: tuple[str, ...],
    more: tuple[Scenario, ...] = (),
    *,
    peer: type[Peer] = Peer,
) -> tuple[Hearing, dict[str, ExchangeResult]]:
    """The same with whatever stands before the peer: ``behind`` gets the exchange, the peer and an ISN."""
    chosen = [*map(scenarios.ALL.__getitem__, names), *more]
    hearing = Hearing(THERE, chosen)
    for number, scenario in enumerate(chosen):
        hearing.add(scenario)
        while not hearing.attempts[scenario.id] or not hearing.enough(scenario):
            end = closed_port() if scenario.port == "closed" else peer()
            end.faults = dict(faults or {})
            talk = behind(scenario, end, 1000 + 100_000 * number + len(hearing.attempts[scenario.id]))
            talk.run()
            attempt = Attempt(scenario, talk.conductor, Flow(HERE, THERE))
            hearing.attempts[scenario.id].append(attempt)
            hearing.opinions[scenario.id].append(judge(case_of(attempt)))
    return hearing, {r.id: r for r in hearing.results(interrupted=False)}


def words(results: dict[str, ExchangeResult], word: Verdict) -> set[str]:
    return {name for name, result in results.items() if result.verdict is word}


def test_a_clean_path_has_no_suspects() -> None:
    hearing, results = run(nothing)
    assert words(results, Verdict.PASS) == set(PLAYED)
    assert hearing.path().standing(Suspect.FILTER) is Standing.REFUSED
    assert hearing.path().accepted == ()
    assert hearing.path().sentence == ""


@pytest.mark.parametrize(
    ("settings", "variant", "kind"),
    [
        ({}, "invalid", Behind),
        ({"loose": False}, "begins-with-syn", Behind),
        ({}, "invalid-reset", Refused),
    ],
    ids=["invalid dropped", "begins with SYN", "invalid reset"],
)
def test_a_filter_is_found_and_accuses_nobody(settings: dict[str, bool], variant: str, kind: type[Behind]) -> None:
    hearing, results = run(lambda: tracked(**settings), kind=kind)
    (found,) = hearing.path().accepted
    assert (found.suspect, found.variant, found.against) == (Suspect.FILTER, variant, 0)
    kept_back = {name for name, result in results.items() if result.why is Why.PATH}
    assert {"data-outside", "listen-ack", "closed-no-ack", "rst-outside"} <= kept_back == set(found.exchanges)
    assert words(results, Verdict.SKIP) == kept_back
    assert words(results, Verdict.PASS) == set(PLAYED) - kept_back
    assert {"open", "close-by-us", "data-again", "old-syn-established"} <= words(results, Verdict.PASS)


def test_a_filter_that_leaves_the_served_port_alone_is_found() -> None:
    hearing, results = run(
        lambda: tracked(loose=False),
        kind=Elsewhere,
        more=tuple(scenarios.ALL[n] for n in ("active-bare-rst", "active-refused")),
    )
    (found,) = hearing.path().accepted
    assert (found.suspect, found.variant) == (Suspect.FILTER, "liberal-begins-with-syn-elsewhere")
    assert {"closed-ack", "closed-no-ack", "active-refused"} <= set(found.exchanges)
    assert words(results, Verdict.PASS) == set(results) - set(found.exchanges)
    assert {"data-outside", "listen-ack", "rst-outside"} <= words(results, Verdict.PASS)


def test_a_filter_of_what_leaves_the_peer_accuses_nobody() -> None:
    """The RSTs of a port without that connection are invalid where nothing tracked asked for them."""
    hearing, results = run(tracked, kind=Outgoing, more=(scenarios.ALL["active-refused"],))
    assert words(results, Verdict.FAIL) | words(results, Verdict.WARN) == set()
    assert hearing.path().hinted(Suspect.FILTER) or hearing.path().standing(Suspect.FILTER) is Standing.ACCEPTED
    unsure = words(results, Verdict.INCONCLUSIVE) | words(results, Verdict.SKIP)
    flags = {"no-ack-flag-syn-received"}  # as by a filter of flags
    assert {"closed-no-ack"} <= unsure <= {"closed-ack", "closed-no-ack", "active-refused", *flags}


def test_where_few_rsts_come_nobody_is_accused() -> None:
    """As by a host or filter that sends so many a second; nothing else is lost."""
    resets = count()

    def limited() -> Drops:
        return lambda time, to_peer, segment: not to_peer and segment.flags & RST != 0 and next(resets) % 5 > 2

    hearing, results = run(limited, kind=Outgoing)
    assert hearing.path().loss.limits_resets
    assert words(results, Verdict.FAIL) | words(results, Verdict.WARN) == set()
    assert {"data-again", "old-syn-established", "close-by-us"} <= words(results, Verdict.PASS)


def test_a_filter_stricter_than_any_known_one_is_found() -> None:
    """Silence to stray segments and to unacceptable ones alike: no peer is like that."""
    hearing, results = run(in_order)
    assert words(results, Verdict.FAIL) == set()
    (found,) = hearing.path().accepted
    assert (found.suspect, found.variant) == (Suspect.FILTER, "strict")


SILENT = dict.fromkeys(("F4", "R4", "F9"), silent)


def test_a_stack_silent_to_all_that_is_unacceptable_is_no_filter() -> None:
    hearing, results = run(nothing, SILENT)
    assert hearing.path().standing(Suspect.FILTER) is Standing.REFUSED
    assert hearing.path().accepted == ()
    accused = words(results, Verdict.FAIL) | words(results, Verdict.WARN)
    assert {"data-outside", "data-again"} <= accused


def test_a_fault_behind_a_filter_is_still_found() -> None:
    """What passes the filter is judged as ever."""
    hearing, results = run(tracked, {"E2": acks})
    assert hearing.path().standing(Suspect.FILTER) is Standing.ACCEPTED
    assert [f.rule for f in results["empty-ack"].findings] == ["seg.pure-ack-silent"]


class Translated(Behind):
    """What has no mapping reaches the port as from another address, and is refused there."""

    def _push(self, delay: float, what: str, segment: Segment | None = None) -> None:
        if segment is not None and self.drops(self.now, what == "out", segment) and what == "out":
            if segment.flags & (ACK | RST) == ACK:
                self._push(delay, "in", Segment(segment.ack, flags=RST))
            return
        Dialogue._push(self, delay, what, segment)


def test_a_translator_lets_strays_reach_the_port_and_not_the_connection() -> None:
    hearing, results = run(tracked, kind=Translated)
    assert [s.suspect for s in hearing.path().accepted] == [Suspect.TRANSLATION]
    assert words(results, Verdict.FAIL) == words(results, Verdict.WARN) == set()
    assert results["data-outside"].why is results["fin-outside"].why is Why.PATH


class BothWays(Behind):
    """The answers of the peer are dropped as well where they are invalid."""

    def _push(self, delay: float, what: str, segment: Segment | None = None) -> None:
        if segment is not None and self.drops(self.now, what == "out", segment):
            self.dropped(delay, what, segment)
        else:
            Dialogue._push(self, delay, what, segment)

    def dropped(self, delay: float, what: str, segment: Segment) -> None:
        """What becomes of it."""


class Translator(BothWays):
    """It refuses what is not translated back, with the numbers that the peer expects."""

    def dropped(self, delay: float, what: str, segment: Segment) -> None:
        if what == "in":
            Dialogue._push(self, delay, "out", Segment(segment.ack, flags=RST))
        elif segment.flags & (ACK | RST) == ACK:
            Dialogue._push(self, delay, "in", Segment(segment.ack, flags=RST))


class Taking(Peer):
    """It takes text whatever its ACK field says, where that is old (RFC 9293 section 3.10.7.4 fifth)."""

    def __init__(self) -> None:
        super().__init__(choose=lambda reactions: next((r for r in reactions if r.row == "E3"), reactions[0]))


def earlier(step: Step) -> Step:
    """The segment with the old ACK field, that much older."""
    return replace(step, ack=OLD - (1 << 30)) if isinstance(step, Send) and step.ack == OLD else step


ANCIENT = replace(OLD_ACK, id="ancient-ack", steps=tuple(map(earlier, OLD_ACK.steps)))


@pytest.mark.parametrize("peer", [Peer, Taking])
@pytest.mark.parametrize(
    ("kind", "suspect"), [(BothWays, Suspect.FILTER), (Translator, Suspect.TRANSLATION)], ids=["filter", "translator"]
)
def test_an_answer_that_a_filter_may_keep_back_accuses_nobody(
    kind: type[Behind], suspect: Suspect, peer: type[Peer]
) -> None:
    """Both let the segment pass and know nothing of its text: what acknowledges that is invalid (nf_conntrack)."""
    hearing, results = run(tracked, kind=kind, peer=peer, more=(OLD_ACK, ANCIENT))
    assert [s.suspect for s in hearing.path().accepted] == [suspect]
    assert words(results, Verdict.FAIL) == words(results, Verdict.WARN) == set()
    assert (results["old-ack"].verdict, results["ancient-ack"].why) == (Verdict.PASS, Why.PATH)
    assert hearing.path().loss.lost == 0


def test_what_has_no_text_draws_no_ack_that_is_not_known() -> None:
    """Its SYN comes again between bad answers of ours, as of Linux: connection tracking is out of step from there."""
    ours, theirs = Seq(1000), Seq(5000)
    passed = (
        (False, Segment(theirs, flags=SYN)),
        (True, Segment(ours, theirs, SYN | ACK)),
        (False, Segment(theirs, flags=RST)),
        (True, Segment(ours, theirs + 2, SYN | ACK)),
        (False, Segment(theirs + 2, flags=RST)),
        (False, Segment(theirs, flags=SYN)),
        (True, Segment(ours, theirs + 100, ACK)),
        (False, Segment(theirs + 100, flags=RST)),
        (True, Segment(ours, theirs + 1, SYN | ACK)),
        (False, Segment(theirs + 1, ours + 1, ACK)),
        (True, Segment(ours - 1, theirs + 1, ACK, length=1)),
    )
    events = [Seen(0.001 * place, *one) for place, one in enumerate(passed)]
    assert [m.variant for m in MODELS if m.mutes(Labelled(events))] == []


def test_a_stack_silent_to_an_ancient_ack_is_found_where_no_filter_stands() -> None:
    hearing, results = run(nothing, {"F8": silent}, more=(ANCIENT,))
    assert hearing.path().accepted == ()
    assert [f.rule for f in results["ancient-ack"].findings] == ["seg.ack-too-old"]


class Deferring(Peer):
    """Its listener takes the handshake's ACK for nothing until text or a FIN comes (TCP_DEFER_ACCEPT)."""

    def arrives(self, segment: Segment, now: float) -> list[Segment]:
        bare = segment.flags & (SYN | RST | FIN | ACK) == ACK and not segment.length
        exact = segment.seq == self.tcb.rcv_nxt and segment.ack == self.tcb.snd_nxt
        if bare and exact and self.tcb.state is State.SYN_RECEIVED:
            return []
        return super().arrives(segment, now)


def test_deferred_accept_is_found_and_accuses_nobody() -> None:
    hearing, results = run(nothing, peer=Deferring, more=(scenarios.ALL["synack-stops"],))
    assert [s.suspect for s in hearing.path().accepted] == [Suspect.DEFERRED_ACCEPT]
    assert words(results, Verdict.FAIL) == words(results, Verdict.WARN) == set()
    assert results["synack-stops"].why is Why.PATH
    assert {"open", "data-outside", "old-syn-established", "listen-ack"} <= words(results, Verdict.PASS)


@pytest.mark.parametrize("share", [3, 5, 7, 11, 20])
@pytest.mark.parametrize("seed", range(3))
def test_loss_by_itself_accepts_no_suspect(share: int, seed: int) -> None:
    """One in so many segments of the tester is lost, whatever it is."""
    chance = random.Random(seed)
    hearing, results = run(lambda: lambda time, to_peer, segment: to_peer and chance.randrange(share) == 0)
    assert hearing.path().accepted == ()
    assert hearing.path().loss.lost > 0 or share == 20
    assert words(results, Verdict.FAIL) == set()


def _unopened(hearing: Hearing, name: str) -> None:
    """One more attempt at an exchange that the peer was to open, and did not."""
    scenario = scenarios.ALL[name]
    hearing.add(scenario)
    conductor = Conductor(scenario, Setting(Seq(1), TARGET))
    conductor.start(0.0)
    conductor.woken(100.0)
    attempt = Attempt(scenario, conductor, Flow(HERE, THERE))
    hearing.attempts[name].append(attempt)
    hearing.opinions[name].append(judge(case_of(attempt)))


def test_connections_that_never_come_back_are_the_paths() -> None:
    hearing, _ = run(nothing)
    for _ in range(3):
        _unopened(hearing, "active-open")
    hearing.scenarios.append(scenarios.ALL["active-open"])
    result = next(r for r in hearing.results(interrupted=False) if r.id == "active-open")
    assert (result.verdict, result.why) == (Verdict.SKIP, Why.PATH)
    assert "0 of 3 came" in result.reason
    assert "connect back" in result.reason


def test_a_single_connection_that_came_back_refutes_that() -> None:
    hearing, _ = run(nothing, more=(scenarios.ALL["active-open"],))
    for _ in range(3):
        _unopened(hearing, "active-bare-ack")
    hearing.scenarios.append(scenarios.ALL["active-bare-ack"])
    assert hearing.path().standing(Suspect.NO_WAY_BACK) is Standing.REFUSED
    result = next(r for r in hearing.results(interrupted=False) if r.id == "active-bare-ack")
    assert (result.verdict, result.why) == (Verdict.INCONCLUSIVE, Why.NOT_OPENED)


def test_where_nothing_of_ours_was_answered_either_nothing_is_said_of_the_way_back() -> None:
    hearing = Hearing(THERE, [scenarios.ALL["active-open"]])
    for _ in range(3):
        _unopened(hearing, "active-open")
    (result,) = hearing.results(interrupted=False)
    assert (result.verdict, result.why) == (Verdict.INCONCLUSIVE, Why.NOT_OPENED)


def test_what_is_kept_back_is_not_said_to_be_delivered() -> None:
    _, results = run(tracked)
    proofs = results["data-outside"].proofs
    assert proofs is not None
    assert proofs.reached is not None
    assert proofs.delivered is not None
    assert proofs.again is not None
    assert proofs.reached.lacking == ("seg.out-of-window-acked",)
    assert (proofs.delivered.packet, proofs.delivered.certain) == (0, False)
    assert "rest on what is kept back" in proofs.again.outcome


def test_an_abort_that_does_not_come_asks_whether_a_connection_of_the_peer_does() -> None:
    hearing, _ = run(nothing, {"ABORT": fin_for_rst}, more=(scenarios.ALL["abort-by-peer"],))
    assert deciding(hearing.path()) == ("active-open",)
    for _ in range(3):
        _unopened(hearing, "active-open")
    result = next(r for r in hearing.results(interrupted=False) if r.id == "abort-by-peer")
    assert (result.verdict, result.why) == (Verdict.SKIP, Why.PATH)


def test_what_may_have_been_kept_back_without_a_sign_asks_for_what_is_answered() -> None:
    """A RST outside the window is due no answer: behind a filter it looks as it should."""
    hearing, _ = run(tracked, names=("rst-outside",))
    assert hearing.path().accepted == ()
    names = deciding(hearing.path(), hearing.evidence.undecided)
    assert "data-outside" in names
    hearing, results = run(tracked, names=("rst-outside", *names[:5]))
    assert results["rst-outside"].why is Why.PATH
    hearing, _ = run(nothing)
    assert deciding(hearing.path(), hearing.evidence.undecided) == ()
