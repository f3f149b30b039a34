"""The jury: a suspicion counts when it comes again, never when it is alone; doubts about the path are not verdicts."""

from __future__ import annotations

import pytest

from probe.engine.judge.attempt import Opinion
from probe.engine.judge.excuses import Doubt
from probe.engine.judge.jury import heard_enough, is_noise, settle
from probe.results.verdict import Finding, Verdict, Why
from probe.spec.rules import Level

FOUND = Finding("close.fin-acked", Level.SPEC, "RFC 9293 3.6", "F. seq 1 ack 1", ". ack 2", ". ack 3")
OTHER = Finding("synack.retransmitted", Level.SPEC, "RFC 9293 3.10.8", "S seq 0", "S.", "nothing")
PASS, SKIP = Opinion(Verdict.PASS), Opinion(Verdict.SKIP, "run probe target on the peer")
IDLE = Opinion(Verdict.SKIP, "the application behind the port did not close its side within 1 s", why=Why.APPLICATION)


def doubtful(doubt: Doubt, finding: Finding = FOUND) -> Opinion:
    return Opinion(finding.word, "", (finding,), doubt=doubt)


@pytest.mark.parametrize(
    ("opinions", "enough"),
    [
        ([], False),
        ([PASS], True),
        ([SKIP], True),
        ([IDLE], False),
        ([IDLE, IDLE], True),
        ([doubtful(Doubt.LOSS), IDLE], False),
        ([IDLE, doubtful(Doubt.LOSS), IDLE], True),
        ([doubtful(Doubt.UNEXPLAINED)], False),
        ([doubtful(Doubt.UNEXPLAINED)] * 2, True),
        ([doubtful(Doubt.LOSS)] * 2, False),
        ([doubtful(Doubt.LOSS)] * 3, True),
        ([doubtful(Doubt.REPEAT)] * 2, False),
        ([doubtful(Doubt.UNEXPLAINED), doubtful(Doubt.LOSS)], False),
        ([doubtful(Doubt.LOSS), PASS], True),
        ([Opinion(Verdict.INCONCLUSIVE, "our own kernel answered", doubt=Doubt.NO_EVIDENCE, why=Why.OWN_KERNEL)], True),
        ([Opinion(Verdict.INCONCLUSIVE, "no answer to our SYN", doubt=Doubt.NO_EVIDENCE, why=Why.NO_ANSWER)], False),
    ],
)
def test_heard_enough(opinions: list[Opinion], enough: bool) -> None:
    assert heard_enough(opinions) is enough


@pytest.mark.parametrize("doubt", [Doubt.LOSS, Doubt.REPEAT])
def test_three_times_the_same_is_a_verdict_on_a_clean_path(doubt: Doubt) -> None:
    assert settle([doubtful(doubt)] * 3, clean=True).word is Verdict.FAIL
    assert settle([doubtful(doubt)] * 2, clean=True).word is Verdict.INCONCLUSIVE
    assert settle([doubtful(doubt)] * 3, clean=False).word is Verdict.INCONCLUSIVE


def test_a_deviation_before_the_peer_fell_silent_is_told() -> None:
    void = Opinion(Verdict.INCONCLUSIVE, "no answer to our SYN", doubt=Doubt.NO_EVIDENCE, why=Why.NO_ANSWER)
    found = settle([doubtful(Doubt.LOSS), void, void], clean=True)
    assert (found.word, found.findings) == (Verdict.INCONCLUSIVE, (FOUND,))
    assert found.reason == "no answer to our SYN; deviated in 1 of 3 attempts"
    assert settle([void, void, void], clean=True) == void


@pytest.mark.parametrize("doubt", [Doubt.LOSS, Doubt.UNEXPLAINED])
def test_an_idle_application_clears_nobody(doubt: Doubt) -> None:
    found = settle([doubtful(doubt), IDLE, IDLE], clean=True)
    assert found.word is Verdict.INCONCLUSIVE
    assert found.reason.startswith("deviated in 1 of 3 attempts; in another the application behind the port")
    assert settle([IDLE, IDLE], clean=True) == IDLE


def test_twice_unexplained_is_a_verdict_on_any_path() -> None:
    assert settle([doubtful(Doubt.UNEXPLAINED)] * 2, clean=False).word is Verdict.FAIL
    assert settle([doubtful(Doubt.UNEXPLAINED)], clean=True).word is Verdict.INCONCLUSIVE


def test_an_application_that_aborts_is_never_the_stacks_fault() -> None:
    found = settle([doubtful(Doubt.ABORT)] * 3, clean=True)
    assert found.word is Verdict.INCONCLUSIVE
    assert "aborts" in found.reason
    assert found.findings == (FOUND,)


def test_cookies_are_an_excuse_only_for_a_listener_that_keeps_no_state() -> None:
    assert settle([doubtful(Doubt.COOKIES)] * 3, clean=True, keeps_state=False).word is Verdict.INCONCLUSIVE
    assert settle([doubtful(Doubt.COOKIES)] * 3, clean=True, keeps_state=True).word is Verdict.FAIL


def test_attempts_that_differ_settle_nothing() -> None:
    mixed = [doubtful(Doubt.LOSS), doubtful(Doubt.LOSS, OTHER), doubtful(Doubt.LOSS)]
    assert is_noise(mixed)
    found = settle(mixed, clean=True)
    assert found.word is Verdict.INCONCLUSIVE
    assert "3 of 3 attempts" in found.reason


def test_a_pass_after_doubts() -> None:
    found = settle([doubtful(Doubt.LOSS), PASS], clean=True)
    assert found.word is Verdict.PASS
    assert "in 1 of 2 attempts" in found.reason
    assert settle([doubtful(Doubt.UNEXPLAINED), PASS], clean=True).word is Verdict.INCONCLUSIVE


def test_nothing_heard_and_void_attempts_are_inconclusive() -> None:
    assert settle([], clean=True).word is Verdict.INCONCLUSIVE
    void = Opinion(Verdict.INCONCLUSIVE, "no answer to our SYN", doubt=Doubt.NO_EVIDENCE, why=Why.NO_ANSWER)
    assert settle([void] * 3, clean=True) == void
    assert settle([PASS], clean=False) == PASS
