"""What a verdict stands on, as it is printed: the four proofs, and for a capture the excuses tried on each end."""

from __future__ import annotations

from dataclasses import replace

from probe.reports.builders import check as builder
from probe.reports.builders.why import ends, why
from probe.reports.document import uncoloured
from probe.results.answers import Summary
from probe.results.proofs import (
    Again,
    Canonical,
    CapturedEnd,
    Delivered,
    Departed,
    Proofs,
    Reached,
    Shown,
    Tried,
    Vote,
    Walk,
)
from probe.results.verdict import ExchangeResult, Report, Run, Verdict
from tests.reports.captured import connection
from tests.reports.rendering import as_text

PROOFS = Proofs(
    Reached(("a.one", "b.two"), (Shown("a.one", 3, ("ESTABLISHED",), 4),)),
    Delivered(0, ("loss below 12 % from 24 controls",), certain=False),
    Departed(
        "b.two",
        "F. seq 1 ack 1",
        ". ack 2",
        "nothing",
        (5,),
        ("ESTABLISHED",),
        (Tried("repeat", explains=False), Tried("loss", explains=True, stands=True, why="chance 1 in 619")),
    ),
    Again((Vote("fail", Canonical(("b.two",), 3, "silence"), ("loss",)), Vote("pass")), 1, 2, 0.01, "1 of 2 attempts"),
)
RESULT = ExchangeResult("close-by-us", "close by us", Verdict.INCONCLUSIVE, "silent in 1 of 2", proofs=PROOFS)


def told(result: ExchangeResult) -> list[tuple[str, str]]:
    return [(line.label, uncoloured(*line.text)) for line in why(result, "close-by-us at x").lines]


def test_each_proof_has_its_line() -> None:
    assert told(RESULT) == [
        ("verdict", "inconclusive (silent in 1 of 2)"),
        ("reached", "a.one: at packet 3, the peer in ESTABLISHED before; packet 4 tells so"),
        ("not reached", "b.two"),
        ("delivered?", "loss below 12 % from 24 controls"),
        ("departed", "b.two: sent F. seq 1 ack 1, due . ack 2, came nothing"),
        ("believed", "ESTABLISHED before it; no permitted history goes on from there"),
        ("excuse", "repeat does not explain it"),
        ("excuse", "loss would explain it and stands (chance 1 in 619)"),
        ("attempt 1", "fail: b.two, silence to segment 4 of the script (explained by loss)"),
        ("attempt 2", "pass"),
        ("vote", "1 of 2 attempts; chance of that by accident 1 in 100"),
    ]


def test_what_was_not_played_has_none() -> None:
    assert told(replace(RESULT, proofs=None, attempts=0))[-1] == ("proofs", "none: it was not played")
    assert told(replace(RESULT, proofs=None))[-1] == ("proofs", "none: no attempt came to what it is about")


def test_a_report_prints_those_asked_for() -> None:
    run = Run("192.0.2.1:80", 4, Summary(), (RESULT, replace(RESULT, id="open")))
    report = Report("check", "rfc9293", (run,))
    assert "why, " not in as_text(builder.document(report))
    shown = as_text(builder.document(report, why=lambda result: result.id == "open"))
    assert "why, open at" in shown
    assert "why, close-by-us at" not in shown


def test_the_ends_of_a_captured_connection() -> None:
    walks = Walk(("abort",), broken=7), Walk(("abort", "loss"), without_copies=True)
    beliefs = ((1, ("CLOSED", "LISTEN")), (2, ("SYN-RECEIVED",)), (3, ("SYN-RECEIVED",)))
    found = ends(connection(), (CapturedEnd(client=True), CapturedEnd(client=False, walks=walks, beliefs=beliefs)))
    lines = [(line.label, uncoloured(*line.text)) for line in found.lines[1:]]
    assert lines == [
        ("client", "nothing can be believed of it: the record does not begin where it could"),
        ("server", "granted abort: packet 7 is not explained"),
        ("server", "granted abort, loss without copies that the network may have made: everything is explained"),
        ("server", "CLOSED or LISTEN after packet 1"),
        ("server", "SYN-RECEIVED after packet 2"),
    ]
