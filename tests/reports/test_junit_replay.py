"""JUnit XML of a replay: a suite a file, a case a connection listed, recordings as checks are."""

from __future__ import annotations

from dataclasses import replace

from probe.results.connection import Evidence, Recording, Replay
from probe.results.verdict import Verdict
from tests.helpers.results import junit
from tests.reports.captured import BROKEN, connection
from tests.reports.records import UNANSWERED, exchange, report, run
from tests.reports.rendering import as_junit, captures, document

GOOD = connection()
BAD = connection(1, verdict=Verdict.FAIL, findings=(BROKEN,))
OPEN = connection(2, verdict=Verdict.INCONCLUSIVE, evidence=Evidence.ONE_DIRECTION, file="b.pcap")
WHOLE = Replay(
    ("a.pcap", "b.pcap"), "rfc9293", 30, 3, {}, {}, {"pass": 1, "fail": 1, "inconclusive": 1}, (GOOD, BAD, OPEN)
)


def test_a_connection_is_a_case_of_its_file() -> None:
    root = junit(as_junit(document(WHOLE)))
    assert [(s.get("name"), s.get("tests"), s.get("failures"), s.get("skipped")) for s in root] == [
        ("probe replay a.pcap", "2", "1", "0"),
        ("probe replay b.pcap", "1", "0", "1"),
    ]
    (failure,) = root.iter("failure")
    assert failure.get("type") == BROKEN.rule
    (skipped,) = root.iter("skipped")
    assert skipped.get("message") == "inconclusive: one direction only"


def test_damage_and_errors_are_errors() -> None:
    damaged = replace(WHOLE, faults=(("a.pcap", 120, "cut short"),), listed=())
    root = junit(as_junit(document(damaged, errors=["cannot read c.pcap"])))
    assert [str(e.get("message")) for e in root.iter("error")] == [
        "cannot read c.pcap",
        "a.pcap, octet 120: cut short; results up to there",
    ]
    properties = {str(p.get("name")): str(p.get("value")) for p in root[0].iter("property")}
    assert (properties["connections"], properties["pass"], properties["fail"]) == ("3", "1", "1")


def test_a_recording_is_reported_as_its_check() -> None:
    judged = report(run(exchange("x", Verdict.FAIL, findings=(UNANSWERED,))), command="replay")
    again = Recording("r.pcapng", judged, {Verdict.FAIL: 1})
    root = junit(as_junit(document(captures(None, again))))
    assert [(s.get("name"), s.get("failures")) for s in root] == [("probe replay 192.0.2.1:80 IPv4", "1")]
