"""The judge: one attempt to an opinion, with the rule, the segments and the doubt; what is nobody's fault is void."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probe import scenarios
from probe.engine.belief.events import Event, Missing, Quiet, Transcript
from probe.engine.belief.hypothesis import Excuse
from probe.engine.belief.tracker import UNKNOWN_PORT, Terms
from probe.engine.judge.attempt import Opinion, judge
from probe.engine.judge.case import Case
from probe.engine.judge.excuses import Doubt
from probe.results.effect import Effect
from probe.results.verdict import Verdict, Why
from probe.scenarios.steps import Scenario
from probe.scenarios.triggers import TARGET
from tests.helpers.dialogue import Dialogue
from tests.helpers.faults import altered, resets
from tests.helpers.play import peer_for
from tests.helpers.record import back, record, sent

OPEN = replace(scenarios.ALL["open"], shows=())
"""The handshake, of which a record may hold a part only."""
HANDSHAKE = (sent("S", 0), back("S.", 0, 1), sent(".", 1, 1))
each_scenario = pytest.mark.parametrize("scenario", scenarios.ALL.values(), ids=lambda s: s.id)


def opinion(*events: Event, scenario: Scenario = OPEN, obedient: bool = True, **transcript: object) -> Opinion:
    made = Transcript(record(*events), **transcript)  # type: ignore[arg-type]
    return judge(Case(scenario, made, UNKNOWN_PORT, Terms(), obedient))


def test_a_finding_names_rule_clause_and_packets() -> None:
    found = opinion(*HANDSHAKE, sent(".", 0, 1), back(".", 1, 2))
    (finding,) = found.findings
    assert found.word is Verdict.FAIL
    assert (finding.rule, finding.level) == ("seg.below-window-empty", "SPEC")
    assert finding.clause.startswith("RFC 9293 3.4")
    assert (finding.sent, finding.due, finding.came) == (". seq 0 ack 1", ". seq 1 ack 1", ". seq 1 ack 2")
    assert finding.packets == (4, 5)


def test_silence_is_a_finding_only_after_the_wait() -> None:
    assert opinion(*HANDSHAKE, sent(".", 0, 1)).word is Verdict.PASS
    found = opinion(*HANDSHAKE, sent(".", 0, 1), Quiet(0))
    assert (found.word, found.doubt) == (Verdict.WARN, Doubt.LOSS)
    assert found.findings[0].effect is Effect.UNTOLD  # nothing was asked after it
    assert found.findings[0].came.startswith("nothing for")


def test_a_second_answer_is_told_alike_whether_it_met_our_next_segment_or_not() -> None:
    """A SYN in the window reset twice, as libslirp does; nothing came in place of the reply to what crossed it."""
    before = (*HANDSHAKE, sent("S", 1), back("R.", 1, 1))
    second, asked, reply = back("R.", 0, 2, absolute=True), sent("P.", 1, 1, 5), back("R", 1)
    found, crossed = opinion(*before, second, asked, reply), opinion(*before, asked, second, reply)
    assert found.departure == crossed.departure
    for (finding,) in (found.findings, crossed.findings):
        assert (finding.rule, finding.sent) == ("conn.unexplained", "S seq 1")
        assert finding.due == ". seq 1 ack 1 or R seq 1 or 0, and nothing more"
        assert finding.word is Verdict.WARN
    (instead,) = opinion(*before, asked, second).findings
    assert (instead.rule, instead.sent) == ("listen.ack-gets-rst", "P. seq 1 ack 1 len 5")


def test_no_answer_is_nobodys_fault() -> None:
    found = opinion(sent("S", 0), Quiet(0))
    assert (found.word, found.doubt, found.reason) == (Verdict.INCONCLUSIVE, Doubt.NO_EVIDENCE, "no answer to our SYN")
    filtered = opinion(sent("S", 0), Quiet(0), scenario=scenarios.ALL["refused"])
    assert "filtered" in filtered.reason


def test_refused_connection_is_nobodys_fault() -> None:
    found = opinion(sent("S", 0), back("R.", 0, 1, absolute=True))
    assert (found.word, found.doubt) == (Verdict.INCONCLUSIVE, Doubt.NO_EVIDENCE)
    assert "refused" in found.reason


def test_open_port_taken_for_a_closed_one_is_a_skip() -> None:
    found = opinion(sent("S", 0), back("S.", 0, 1), scenario=scenarios.ALL["refused"])
    assert found.word is Verdict.SKIP
    assert "--closed-port" in found.reason


def test_our_own_kernel_voids_the_attempt() -> None:
    found = opinion(*HANDSHAKE, foreign=[sent("R", 1)])
    assert (found.word, found.doubt) == (Verdict.INCONCLUSIVE, Doubt.NO_EVIDENCE)
    assert "our own kernel" in found.reason


def test_a_fin_that_comes_again_with_its_acknowledged_text_is_a_retransmission() -> None:
    """As lwIP does in CLOSING: the segment was not acknowledged entirely, so it is sent again whole (RFC 9293 3.4)."""
    both = (*HANDSHAKE, sent("P.", 1, 1, 18), back("FP.", 1, 19, 24), sent("F.", 19, 25), back(".", 26, 20))
    found = opinion(*both, back("FP.", 1, 20, 24), scenario=replace(scenarios.ALL["closing-fin-again"], shows=()))
    assert found.word is Verdict.PASS
    again = opinion(*both, sent(".", 20, 26), Quiet(0), back("FP.", 1, 20, 24))
    assert [finding.rule for finding in again.findings] == ["aclose.fin-acked-stops"]


def test_a_syn_ack_out_of_time_wait_may_be_lost_though_its_isn_is_not_known() -> None:
    """The new incarnation answers the next segment from its own numbers (section 3.6.1); loss explains what came."""
    closed = (*HANDSHAKE, back("F.", 1, 1), sent(".", 1, 2), sent("F.", 1, 2), back(".", 2, 2))
    found = opinion(*closed, sent("S", 300, 0), sent(".", 298, 2, 1), back(".", 90_001, 301))
    assert (found.word, found.doubt) == (Verdict.FAIL, Doubt.LOSS)
    half, question = sent("S", 2 + 2**31, 0), sent(".", 0, 2, 1)
    assert opinion(*closed, half, question, back("R", 2)).doubt is Doubt.LOSS
    assert opinion(*closed, half, Quiet(0), question, back("R", 2)).doubt is not Doubt.UNEXPLAINED


def test_nobody_is_accused_by_a_record_that_our_own_buffer_left_gaps_in() -> None:
    lacking = opinion(*HANDSHAKE, sent(".", 0, 1), back(".", 1, 2), dropped=3)
    assert (lacking.word, lacking.why, lacking.findings) == (Verdict.INCONCLUSIVE, Why.DROPPED, ())
    assert opinion(*HANDSHAKE, dropped=3).word is Verdict.PASS


def test_what_comes_after_the_seal_does_not_count() -> None:
    events = (*HANDSHAKE, sent("R", 1), back("S.", 77, 1))
    assert opinion(*events).findings
    assert opinion(*events, sealed=4).word is Verdict.PASS


def test_unasked_rst_of_a_disobedient_application_is_a_doubt() -> None:
    events = (*HANDSHAKE, Quiet(0), back("R", 1))
    assert opinion(*events, obedient=False).doubt is Doubt.ABORT
    assert opinion(*events).doubt is Doubt.UNEXPLAINED


def test_unasked_ack_is_a_doubt() -> None:
    found = opinion(*HANDSHAKE, Quiet(0), back(".", 1, 1))
    assert (found.word, found.doubt) == (Verdict.WARN, Doubt.REPEAT)
    assert found.findings[0].rule == "seg.pure-ack-silent"


def test_an_answer_that_the_next_overtook_is_a_doubt() -> None:
    """As two processors of one host do it: the RST of an abort was seen 0.07 ms before the ACK sent earlier."""
    reset, ack, terms = back("R.", 1, 6), back(".", 1, 6), Terms(allow=frozenset({Excuse.ABORT}))
    for late, expected in ((0.00007, True), (0.2, False)):
        told = Transcript(record(*HANDSHAKE, sent("P.", 1, 1, 5), reset, ack, at={5: 0.004 + late}))
        assert (judge(Case(OPEN, told, UNKNOWN_PORT, terms)).doubt is Doubt.OVERTAKEN) == expected


def test_missing_application_is_a_skip_unless_it_obeys() -> None:
    halves = scenarios.ALL["close-by-us"]
    closed = (*HANDSHAKE, sent("F.", 1, 1), back(".", 1, 2), Quiet(0))
    gone = [Missing(5, "F", "close.passive-fin", True, 1.0)]
    skipped = opinion(*closed, scenario=halves, obedient=False, missing=gone)
    assert skipped.word is Verdict.SKIP
    assert "did not close its side" in skipped.reason
    blamed = opinion(*closed, scenario=halves, missing=gone)
    assert [f.rule for f in blamed.findings] == ["close.passive-fin"]


def test_data_on_the_syn_ack_is_the_mildest_word() -> None:
    found = opinion(sent("S", 0), replace(back("S.", 0, 1), segment=back("S.", 0, 1, 5).segment))
    assert [f.rule for f in found.findings] == ["open.no-data-in-handshake"]
    assert found.word is Verdict.WARN


def transcript_of(scenario: Scenario, **faults: object) -> Dialogue:
    stack = replace(peer_for(scenario), faults=faults)  # type: ignore[arg-type]
    talk = Dialogue(scenario, stack)
    talk.run()
    return talk


@each_scenario
def test_the_record_alone_gives_the_same_opinion(scenario: Scenario) -> None:
    """What the conductor followed as it came and what the judge reads afterwards agree."""
    for faults in ({}, {"F4": resets}, {"E6": altered(ack=1)}, {"T12": resets}):
        talk = transcript_of(scenario, **faults)
        found = talk.opinion()
        made = talk.conductor.transcript
        again = replace(made, events=list(made.judged), foreign=[], sealed=len(made.judged))
        assert judge(Case(scenario, again, talk.belief, talk.terms, TARGET.obedient)) == found


@each_scenario
def test_a_duplicate_of_our_segment_changes_nothing(scenario: Scenario) -> None:
    """An acceptable empty ACK or a RST that comes twice draws nothing new (RFC 9293 section 3.10.7.4)."""
    scenario = replace(scenario, shows=(), may_show=())  # names are by index, and those move
    talk = transcript_of(scenario)
    events = talk.conductor.transcript.judged
    for index, event in enumerate(events):
        alone = index + 1 < len(events) and not isinstance(event, Quiet) and event.to_peer
        if not alone or isinstance(event, Quiet) or event.segment.seg_len or event.segment.flags != 0x10:
            continue
        answered = [point.answers for point in talk.conductor.watch.points]
        if any(answer.index == index for answers in answered for answer in answers):
            continue  # the liveness probe: each copy is answered
        if "CLOSED" in talk.conductor.watch.states[index]:
            continue  # the last ACK: a copy meets a port without the connection, and draws a RST
        twice = [*events[: index + 1], event, *events[index + 1 :]]
        made = Transcript(twice, [], [], len(twice))
        assert judge(Case(scenario, made, talk.belief, talk.terms, True)).word is Verdict.PASS
