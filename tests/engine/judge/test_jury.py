"""The jury: each exchange stands or falls alone; what chance would explain is asked of the figures of the path."""

from __future__ import annotations

import pytest

from probe.engine.judge.attempt import Opinion
from probe.engine.judge.excuses import Doubt
from probe.engine.judge.jury import MOST, heard_enough, may_be_found, settle
from probe.engine.path.loss import Controls
from probe.results.path import Loss, Path, Standing, Suspect, Suspicion
from probe.results.proofs import Canonical
from probe.results.verdict import Finding, Verdict, Why
from probe.spec.rules import Level
from tests.helpers.play import CLEAN

FOUND = Finding("close.fin-acked", Level.SPEC, "RFC 9293 3.6", "F. seq 1 ack 1", ". ack 2", ". ack 3")
OTHER = Finding("synack.retransmitted", Level.SPEC, "RFC 9293 3.10.8", "S seq 0", "S.", "nothing")
PASS, SKIP = Opinion(Verdict.PASS), Opinion(Verdict.SKIP, "run probe target on the peer")
IDLE = Opinion(Verdict.SKIP, "the application behind the port did not close its side within 1 s", why=Why.APPLICATION)
VOID = Opinion(Verdict.INCONCLUSIVE, "no answer to our SYN", why=Why.NO_ANSWER)
OWN = Opinion(Verdict.INCONCLUSIVE, "our own kernel answered", why=Why.OWN_KERNEL)
LOSSY = Path(Loss(asked=100, lost=40))


def odd(*doubts: Doubt, finding: Finding = FOUND, place: int = 3, kind: str = "silence") -> Opinion:
    tried = tuple((doubt, True) for doubt in doubts)
    return Opinion(finding.word, findings=(finding,), tried=tried, departure=Canonical((finding.rule,), place, kind))


UNEXPLAINED, SILENT, TWICE = odd(kind="."), odd(Doubt.LOSS), odd(Doubt.REPEAT, kind=".")


@pytest.mark.parametrize(
    ("opinions", "enough"),
    [
        ([], False),
        ([PASS], True),
        ([SKIP], True),
        ([IDLE], False),
        ([IDLE, IDLE], True),
        ([SILENT, IDLE], False),
        ([IDLE, SILENT, IDLE, IDLE], True),
        ([UNEXPLAINED], False),
        ([UNEXPLAINED] * 2, True),
        ([SILENT] * 2, False),
        ([SILENT] * 3, True),
        ([TWICE] * 2, False),
        ([UNEXPLAINED, SILENT], False),
        ([SILENT, PASS], False),
        ([SILENT, PASS, PASS], True),
        ([OWN], True),
        ([VOID], False),
        ([VOID] * 3, True),
    ],
)
def test_heard_enough(opinions: list[Opinion], enough: bool) -> None:
    assert heard_enough(opinions, CLEAN) is enough


@pytest.mark.parametrize(
    ("opinions", "possible"),
    [
        ([VOID], True),
        ([PASS], False),
        ([SILENT] * 2, True),
        ([SILENT] * 2 + [PASS], True),
        ([SILENT, PASS, PASS, UNEXPLAINED], True),
        ([SILENT, PASS, PASS, odd(finding=OTHER), UNEXPLAINED, PASS], False),
    ],
)
def test_what_may_still_be_found(opinions: list[Opinion], possible: bool) -> None:
    assert may_be_found(opinions, CLEAN) is possible


def test_where_much_is_lost_one_silence_that_is_missing_leaves_no_finding_to_be_made() -> None:
    """Loss below 20 %: it takes six silences at the same place, more than the attempts that are left."""
    lossy = Path(Loss(asked=400, lost=65))
    assert may_be_found([SILENT] * 3, lossy)
    assert may_be_found([SILENT, odd(Doubt.LOSS, place=4)], lossy)
    assert not may_be_found([SILENT, *(odd(Doubt.LOSS, place=place) for place in (4, 5, 6))], lossy)


def test_identical_silences_count_by_the_figures() -> None:
    """Of 24 controls none was lost: loss below 12 %, so that three silences are chance once in 619 times."""
    few = Path(Loss(asked=24))
    assert not heard_enough([SILENT] * 3, few)
    assert (
        settle([SILENT] * 3, few).reason
        == "silent in 3 of 3 attempts; loss below 12 % from 24 controls: chance 1 in 619"
    )
    assert heard_enough([SILENT] * 5, few)
    assert settle([SILENT] * 5, few).word is Verdict.FAIL
    assert settle([SILENT] * 2, CLEAN).word is Verdict.INCONCLUSIVE


def test_where_segments_are_lost_no_number_of_silences_is_enough() -> None:
    assert heard_enough([SILENT] * 3, LOSSY)
    found = settle([SILENT] * MOST, LOSSY)
    assert (found.word, found.why, found.findings) == (Verdict.INCONCLUSIVE, Why.UNSETTLED, (FOUND,))
    assert "40 lost" in found.reason


def test_without_figures_the_attempts_are_their_own() -> None:
    """Each attempt brings the controls that it had; eight are enough."""
    attempt = Opinion(FOUND.word, findings=(FOUND,), tried=((Doubt.LOSS, True),), controls=Controls((0, 1, 2), (3,)))
    counts = [n for n in range(1, MOST + 1) if heard_enough([attempt] * n)]
    assert counts[0] in range(4, MOST)
    assert settle([attempt] * counts[0]).word is Verdict.FAIL


def test_a_limit_on_syns_strikes_those_to_a_closed_port_too() -> None:
    """Of 60 SYNs to an open port 15 were lost, of 90 that a RST answers 2, as many as of the rest."""
    limited = Path(Loss(asked=400, lost=22, syns=60, syns_lost=15, resets=90, resets_lost=2))
    assert not limited.loss.limits_resets
    lost = Opinion(
        FOUND.word, findings=(FOUND,), tried=((Doubt.LOSS, True),), controls=Controls((), (1,), (1,), (), (1,))
    )
    assert settle([lost] * MOST, limited).word is Verdict.INCONCLUSIVE


def test_of_thousands_of_verdicts_each_is_believed_at_a_smaller_chance() -> None:
    """With a bound of 11 % five identical silences have a chance of 1 in 60,000: too much for one of 3,000 cells."""
    loss = Loss(asked=400, lost=34)
    counts = [n for n in range(1, MOST + 1) if heard_enough([SILENT] * n, Path(loss))]
    assert counts[0] == 5
    many = Path(loss, verdicts=3000)
    assert not heard_enough([SILENT] * 5, many)
    assert settle([SILENT] * 6, many).word is Verdict.FAIL


@pytest.mark.parametrize("doubt", [Doubt.LOSS, Doubt.REPEAT])
def test_three_times_the_same_is_a_verdict_on_a_clean_path(doubt: Doubt) -> None:
    assert settle([odd(doubt)] * 3, CLEAN).word is Verdict.FAIL


def test_twice_unexplained_is_a_verdict_on_any_path() -> None:
    assert settle([UNEXPLAINED] * 2, LOSSY).word is Verdict.FAIL
    assert settle([UNEXPLAINED], CLEAN).word is Verdict.INCONCLUSIVE


def test_a_departure_is_the_same_wherever_its_numbers_differ() -> None:
    """Attempts are compared by place and kind; what is printed of them may differ."""
    other = Finding("close.fin-acked", Level.SPEC, "RFC 9293 3.6", "F. seq 1 ack 9", ". ack 2", ". ack 3")
    assert settle([UNEXPLAINED, odd(kind=".", finding=other)], CLEAN).word is Verdict.FAIL
    assert settle([UNEXPLAINED, odd(kind=".", place=5)], CLEAN).word is Verdict.INCONCLUSIVE


def test_a_deviation_before_the_peer_fell_silent_is_told() -> None:
    found = settle([SILENT, VOID, VOID, VOID], CLEAN)
    assert (found.word, found.findings) == (Verdict.INCONCLUSIVE, (FOUND,))
    assert found.reason.endswith("; in another no answer to our SYN")
    assert settle([VOID] * 3, CLEAN) == VOID


def test_what_was_shown_stays_shown_when_the_peer_falls_silent() -> None:
    assert settle([UNEXPLAINED, UNEXPLAINED, VOID], CLEAN).word is Verdict.FAIL


@pytest.mark.parametrize("opinion", [SILENT, UNEXPLAINED])
def test_an_idle_application_clears_nobody(opinion: Opinion) -> None:
    found = settle([opinion, IDLE, IDLE, IDLE], CLEAN)
    assert found.word is Verdict.INCONCLUSIVE
    assert "; in another the application behind the port" in found.reason
    assert settle([IDLE, IDLE], CLEAN) == IDLE


def test_an_application_that_aborts_is_never_the_stacks_fault() -> None:
    found = settle([odd(Doubt.ABORT)] * 3, CLEAN)
    assert found.word is Verdict.INCONCLUSIVE
    assert "aborts" in found.reason
    assert found.findings == (FOUND,)


@pytest.mark.parametrize("suspect", [Suspect.COOKIES, Suspect.FILTER, Suspect.TRANSLATION])
def test_a_suspect_excuses_until_it_is_refused(suspect: Suspect) -> None:
    doubt = {Suspect.COOKIES: Doubt.COOKIES, Suspect.FILTER: Doubt.FILTER, Suspect.TRANSLATION: Doubt.TRANSLATION}
    heard = [odd(doubt[suspect], Doubt.LOSS)] * 3

    def word(standing: Standing) -> Verdict:
        return settle(heard, Path(CLEAN.loss, (Suspicion(suspect, standing),))).word

    assert word(Standing.OPEN) is Verdict.INCONCLUSIVE
    assert word(Standing.REFUSED) is Verdict.FAIL
    assert word(Standing.ACCEPTED) is Verdict.SKIP


def test_a_pass_that_a_filter_may_have_made_is_none() -> None:
    passed = Opinion(Verdict.PASS, rests=(Suspect.FILTER,))
    kept_back = Path(CLEAN.loss, (Suspicion(Suspect.FILTER, Standing.ACCEPTED, reason="it drops them"),))
    found = settle([passed], kept_back)
    assert (found.word, found.why, found.reason) == (
        Verdict.SKIP,
        Why.PATH,
        "it drops them",
    )
    assert settle([passed], CLEAN).word is Verdict.PASS


def test_attempts_that_differ_settle_nothing() -> None:
    mixed = [SILENT, odd(Doubt.LOSS, finding=OTHER), SILENT, PASS] * 2
    found = settle(mixed, CLEAN)
    assert found.word is Verdict.INCONCLUSIVE
    assert "6 of 8 attempts" in found.reason


def test_the_majority_counts_where_loss_explains_the_others() -> None:
    assert settle([UNEXPLAINED, SILENT, UNEXPLAINED], CLEAN).word is Verdict.FAIL
    found = settle([SILENT, PASS, PASS], CLEAN)
    assert (found.word, found.findings) == (Verdict.PASS, ())
    assert found.reason == "passed in 2 of 3 attempts; a lost segment would explain it"
    assert settle([SILENT, SILENT, SILENT, PASS], CLEAN).word is Verdict.INCONCLUSIVE


def test_a_pass_does_not_undo_what_nothing_explains() -> None:
    heard = [UNEXPLAINED, PASS]
    assert not heard_enough(heard, CLEAN)
    assert settle([*heard, PASS, PASS, PASS], CLEAN).word is Verdict.INCONCLUSIVE


def test_other_exchanges_do_not_decide() -> None:
    """Whatever happens elsewhere, a clean pass is one."""
    assert settle([PASS], LOSSY).word is Verdict.PASS
    assert settle([], CLEAN).word is Verdict.INCONCLUSIVE


def test_the_proofs_say_what_was_tried_and_how_attempts_voted() -> None:
    proofs = settle([SILENT] * 3, CLEAN).proofs
    assert proofs is not None
    assert proofs.departed is not None
    assert proofs.again is not None
    assert proofs.delivered is not None
    assert [(t.excuse, t.explains, t.stands) for t in proofs.departed.tried] == [("loss", True, False)]
    assert (proofs.again.agree, proofs.again.count, len(proofs.again.votes)) == (3, 3, 3)
    assert proofs.delivered.packet == 0
    assert proofs.delivered.path[0].startswith("loss below 0.1 % from 3000 controls")
