"""Unusual flags and options: silence to them alone may be a filter's, and accuses nobody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probe import scenarios
from probe.engine.path.models import model
from probe.engine.path.unusual import flags, options
from probe.results.path import Standing, Suspect
from probe.results.verdict import Verdict, Why
from probe.spec.segment import ACK, FIN, MSS, NOP, RST, SYN, TIMESTAMPS, URG, Option, Segment
from probe.spec.seq import Seq
from tests.engine.path.test_evidence import SILENT, Drops, nothing, run, words
from tests.helpers.faults import only, silent

SCANS = (0, SYN | FIN, FIN)


def against_scans() -> Drops:
    return lambda time, to_peer, segment: to_peer and segment.flags & (SYN | ACK | FIN | RST) in SCANS


def test_a_filter_against_port_scans_is_named_and_its_silences_are_nobodys() -> None:
    hearing, results = run(against_scans)
    (found,) = hearing.path().accepted
    assert (found.suspect, found.variant) == (Suspect.FLAGS, "F FS none")
    assert "closed-no-ack" in found.exchanges
    assert words(results, Verdict.FAIL) | words(results, Verdict.WARN) == set()
    assert (results["closed-no-ack"].verdict, results["closed-no-ack"].why) == (Verdict.SKIP, Why.PATH)
    assert results["closed-ack"].verdict is results["open"].verdict is Verdict.PASS


def test_where_they_are_answered_there_is_none() -> None:
    hearing, _ = run(nothing)
    assert hearing.path().standing(Suspect.FLAGS) is Standing.REFUSED
    assert model(Suspect.FLAGS, "") is None


def test_a_port_that_answers_no_stray_at_all_is_no_such_filter() -> None:
    """It is silent to ordinary flags as well: that is the peer's, or another filter's."""
    silent = {"C2": SILENT["F4"], "C3": SILENT["F4"], "L2": SILENT["F4"]}
    hearing, _ = run(nothing, silent)
    assert hearing.path().standing(Suspect.FLAGS) is not Standing.ACCEPTED


HEADERS = tuple(
    scenarios.ALL[name]
    for name in (
        "listen-unusual",
        "closed-unusual",
        "options-unknown",
        "options-on-data",
        "options-unaligned",
        "options-none",
        "syn-data",
    )
)


def dropping(*kinds: str) -> Drops:
    return lambda time, to_peer, segment: to_peer and not (flags(segment) | options(segment)).isdisjoint(kinds)


@pytest.mark.parametrize(
    ("dropped", "suspect", "kept_back"),
    [
        (("253", "SYN:253"), Suspect.OPTIONS, {"listen-unusual", "options-unknown", "options-on-data"}),
        (("SYN:253",), Suspect.OPTIONS, {"closed-unusual", "options-unknown"}),
        (("SYN:unaligned",), Suspect.OPTIONS, {"closed-unusual", "options-unaligned"}),
        (("reserved", "SYN:reserved"), Suspect.FLAGS, {"listen-unusual", "reserved-bits"}),
        (("SYN:no-MSS",), Suspect.OPTIONS, {"closed-unusual", "options-none"}),
        (("SYN:text",), Suspect.FLAGS, {"closed-no-ack", "syn-data"}),
        (("U", "SYN:U"), Suspect.FLAGS, {"listen-unusual", "urgent-data"}),
    ],
)
def test_a_filter_of_what_is_unusual_accuses_nobody(
    dropped: tuple[str, ...], suspect: Suspect, kept_back: set[str]
) -> None:
    more = (*HEADERS, scenarios.ALL["reserved-bits"], scenarios.ALL["urgent-data"])
    hearing, results = run(lambda: dropping(*dropped), more=more)
    (found,) = hearing.path().accepted
    assert found.suspect is suspect
    assert set(dropped) <= set(found.variant.split())
    assert words(results, Verdict.FAIL) | words(results, Verdict.WARN) | words(results, Verdict.INCONCLUSIVE) == set()
    assert kept_back <= {name for name, result in results.items() if result.why is Why.PATH}


def test_a_peer_that_minds_an_option_is_not_excused_by_a_filter_that_lets_it_pass() -> None:
    """Where no connection is it answers: the option has come."""
    unknown = only(lambda segment: any(option.kind == 77 for option in segment.options), silent)
    hearing, results = run(nothing, {"L4": unknown}, more=HEADERS)
    assert hearing.path().standing(Suspect.OPTIONS) is not Standing.ACCEPTED
    assert [f.rule for f in results["options-unknown"].findings] == ["opt.unknown-ignored"]
    assert results["options-unknown"].verdict is Verdict.FAIL


def test_no_option_is_blamed_where_nothing_astray_is_answered() -> None:
    """Ordinary ACKs to the listener meet the same silence (RFC 9293 3.10.7.2 second)."""
    _, results = run(nothing, {"L2": silent, "C3": silent}, more=HEADERS)
    found = {f.rule for result in results.values() for f in result.findings}
    assert found == {"listen.ack-gets-rst", "closed.ack-rst-seq"}
    assert results["listen-unusual"].verdict is Verdict.WARN


def test_what_is_unusual() -> None:
    def segment(flag: int, *some: Option, reserved: int = 0) -> Segment:
        return Segment(Seq(1), flags=flag, options=some, reserved=reserved)

    mss = Option(MSS, bytes(2))
    assert options(segment(SYN, mss)) == frozenset()
    assert options(segment(SYN, Option(NOP), mss)) == {"SYN:unaligned"}
    assert options(segment(SYN, mss, Option(TIMESTAMPS, bytes(8)))) == {"SYN:8"}
    assert options(segment(ACK, Option(TIMESTAMPS, bytes(8)))) == frozenset()
    assert options(segment(SYN)) == {"SYN:no-MSS"}
    assert options(segment(SYN, Option(77, fault="length 0"))) == {"SYN:malformed"}
    assert flags(replace(segment(SYN), length=1)) == {"SYN:text"}
    assert options(segment(ACK, Option(253), Option(NOP))) == {"253"}
    assert flags(segment(ACK | URG, reserved=1)) == {"U", "reserved"}
    assert flags(segment(FIN)) == {"F"}
