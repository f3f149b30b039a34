"""Flags that no TCP sends together: silence to them alone may be a filter's, and accuses nobody."""

from __future__ import annotations

from probe.engine.path.models import model
from probe.results.path import Standing, Suspect
from probe.results.verdict import Verdict, Why
from probe.spec.segment import ACK, FIN, RST, SYN
from tests.engine.path.test_evidence import SILENT, Drops, nothing, run, words

SCANS = (0, SYN | FIN, FIN)


def against_scans() -> Drops:
    return lambda time, to_peer, segment: to_peer and segment.flags & (SYN | ACK | FIN | RST) in SCANS


def test_a_filter_against_port_scans_is_named_and_its_silences_are_nobodys() -> None:
    hearing, results = run(against_scans)
    (found,) = hearing.path().accepted
    assert (found.suspect, found.variant) == (Suspect.FLAGS, "F F+ FS FS+ none none+")
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
