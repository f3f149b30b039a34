"""Signs that a record is not what passed: both ends must agree, one alone proves nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probe.engine.belief.tracker import Memory
from probe.engine.judge.capture import judge_connection
from probe.engine.path.artefacts import signs, singled
from probe.results.artefacts import Artefact
from probe.results.connection import Packet
from probe.results.verdict import Verdict, Why
from tests.helpers.packets import talk

OPEN = "> S 0, < S. 0 1, > . 1 1, "
WHOLE = OPEN + "> P. 1 1 10, < . 1 11, < P. 1 11 5, > . 11 6, > F. 11 6, < . 6 12, < F. 6 12, > . 12 7"


def at(packets: list[Packet], *times: float) -> list[Packet]:
    """The packets at these times, in milliseconds."""
    return [replace(packet, time=time / 1000) for packet, time in zip(packets, times, strict=True)]


def test_a_whole_record_bears_none() -> None:
    assert signs(talk(WHOLE)).artefacts == frozenset()


@pytest.mark.parametrize(
    ("packets", "sign"),
    [
        ("> S 0, < S. 0 1, > F. 11 6, < F. 6 12", Artefact.FLAGS_ONLY),
        ("> P. 1 1 10, < P. 1 11 5, > P. 11 6 7", Artefact.DATA_ONLY),
        ("> S 0, > . 1 1, > P. 1 1 10", Artefact.ONE_DIRECTION),
        (OPEN + "> P. 500 1 10, < . 1 510", Artefact.MISSING),
        ("> S 0, < S. 90 -4, > . -4 91", Artefact.MISSING),
    ],
)
def test_what_both_ends_know_and_the_record_lacks(packets: str, sign: Artefact) -> None:
    assert sign in signs(talk(packets)).artefacts


@pytest.mark.parametrize(
    "packets",
    [
        OPEN + "> P. 500 1 10, < . 1 1",  # who sent text ahead is not believed
        OPEN + "< . 1 500",  # nor who acknowledges what nobody sent
        "> S 0, < S. 90 -4, > R -4",  # nor who answers a SYN that the other end knows nothing of
        "> S 0, < R. 0 1",
        "> S 0, < S. 0 1, > R 1",
    ],
)
def test_what_one_end_says_alone_is_no_sign(packets: str) -> None:
    assert signs(talk(packets)).artefacts == frozenset()


def test_what_is_acknowledged_before_it_is_recorded_is_late() -> None:
    packets = talk("> S 0, < S. 0 1, < . 1 11, > . 1 1, > P. 1 1 10")
    found = signs(at(packets, 0, 1, 1.5, 2, 3))
    assert found.artefacts == {Artefact.ORDER}
    assert 0.0015 <= found.lag < 0.003
    assert found.gap <= 0.0005


def test_a_direction_with_another_clock_is_late_throughout() -> None:
    packets = talk("< S. 0 1, < . 1 11, < . 1 21, > S 0, > P. 1 1 10, > P. 11 1 10")
    assert signs(at(packets, 0, 10, 20, 3000, 3010, 3020)).artefacts == {Artefact.CLOCKS}


def test_a_segment_sent_again_because_the_record_lost_the_first_is_no_other_clock() -> None:
    packets = talk(OPEN + "> P. 1 1 10, < . 1 11, < . 1 21, > P. 11 1 10, > P. 21 1 10")
    assert Artefact.CLOCKS not in signs(at(packets, 0, 1, 2, 3, 4, 5, 300, 301)).artefacts


def test_copies_are_left_out_and_what_is_wrong_is_still_found() -> None:
    packets = talk(OPEN + "< F. 1 1, < F. 5 1")
    twice = [replace(p, number=2 * p.number - 1 + late, time=p.time + late * 1e-5) for p in packets for late in (0, 1)]
    assert Artefact.DOUBLED in signs(twice).artefacts
    assert singled(twice) == [0, 2, 4, 6, 8]
    assert [f.rule for f in judge_connection(twice, Memory()).findings] == ["aclose.fin-retransmit"]


def test_what_a_record_with_a_sign_shows_broken_is_doubtful() -> None:
    wrong = "< F. 1 12, < F. 5 12"
    clear = judge_connection(talk(OPEN + "> P. 1 1 11, " + wrong), Memory())
    assert (clear.word, clear.doubtful) == (Verdict.FAIL, ())
    found = judge_connection(talk(OPEN + "> P. 500 1 11, < . 1 511, " + wrong.replace("12", "511")), Memory())
    assert (found.word, found.findings) == (Verdict.INCONCLUSIVE, ())
    assert found.doubtful


@pytest.mark.parametrize(
    ("packets", "judged"),
    [
        ("< S. 0 1, > . 1 1, > P. 1 1 10, < . 1 11", True),  # the SYN is missing
        ("> S 0, > . 1 1, > P. 1 1 10, < . 1 11", True),  # the SYN,ACK is missing
        ("< R. 1 1, > R 1", True),  # a RST may answer anything
        ("> P. 1 1 10, < . 1 11, < S. 0 1", False),
        ("< R 1, > P. 1 1 10", False),
    ],
)
def test_an_end_of_which_nothing_is_believed_is_no_pass(packets: str, judged: bool) -> None:
    found = judge_connection(talk(packets), Memory())
    due = (Verdict.PASS, Why.NONE) if judged else (Verdict.INCONCLUSIVE, Why.NO_START)
    assert (found.word, found.why) == due


def test_behind_a_syn_that_is_missing_a_fault_is_found() -> None:
    found = judge_connection(talk("< S. 0 1, > . 1 1, < F. 1 1, < F. 5 1"), Memory())
    assert [f.rule for f in found.findings] == ["aclose.fin-retransmit"]
