"""A replay in Markdown: counts, the connections listed, findings, ladders; annotations; short enough."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from probe.reports.builders.captured import Placed, ladder
from probe.reports.formats import mermaid
from probe.results.connection import Connection, Recording, Replay
from probe.results.verdict import Expected, Fate, Known, Unchecked, Verdict
from probe.spec.rules import Level
from tests.reports.captured import BROKEN, PACKETS, broken, connection, replay
from tests.reports.records import UNANSWERED, exchange, report, run
from tests.reports.rendering import as_annotations, as_markdown, captures, document

BAD = broken(7, blamed=(connection(7).server,))
MILD = replace(BAD, index=8, verdict=Verdict.WARN, findings=(replace(BROKEN, level=Level.SHOULD, came="a|b"),))
EXPECTED = replace(BAD, index=9, known=(Known(BROKEN.rule, "2026-01-31", "old firmware"),))
ALLOWED = re.compile(
    r"(sequenceDiagram|  participant [CS] as .+|  (C->>S|S->>C|Note (left of C|right of S|over C,S)): .+)"
)


def whole(*connections: Connection, **fields: object) -> Replay:
    found = replay(*connections, deviations={(f.rule, f.word): 1 for c in connections for f in c.fresh})
    return replace(found, **fields)  # type: ignore[arg-type]


def shown(found: Replay, **fields: object) -> str:
    return as_markdown(document(captures(found, **fields), code=1))


def diagram(found: Connection, segments: Sequence[Placed]) -> str:
    return mermaid.diagram(ladder(found, (), lambda: {(found.file, found.index): segments}))


def test_what_failed_comes_with_its_evidence_and_all_that_is_listed_with_its_outcome() -> None:
    found = shown(
        whole(BAD, MILD, connection(1)),
        segments=lambda drawn: {(c.file, c.index): tuple(enumerate(PACKETS)) for c in drawn},
    )
    assert found.startswith("## probe replay a.pcap: 1 of 3 connections failed\n")
    assert "`probe: 3 connections, 1 pass, 1 fail, 1 warn, 0 inconclusive, 0 skip; exit 1`" in found
    assert "| `close.fin-acked` | fail | 1 |" in found
    assert "### Connection 7: fail" in found
    assert "- against the server, 192.0.2.1:80" in found
    assert "- packets 7, 8" in found
    assert "| 1 | 192.0.2.2:50001 | 192.0.2.1:80 | followed | four-way |" in found
    assert found.count("```mermaid") == 1


def test_a_ladder_is_made_of_known_lines_with_states_and_findings_where_they_belong() -> None:
    lines = diagram(BAD, tuple(enumerate(PACKETS))).splitlines()
    assert [line for line in lines if not ALLOWED.fullmatch(line)] == []
    assert lines[3:5] == ["  C->>S: S seq 0", "  Note left of C: SYN-SENT"]
    place = lines.index("  S->>C: F. seq 301 ack 102")
    assert lines[place + 2].startswith("  Note over C,S: close.fin-acked<br/>due ")
    assert not [line for line in lines if "more" in line]


def test_segments_left_out_of_a_ladder_are_counted() -> None:
    some = tuple((place, packet) for place, packet in enumerate(PACKETS) if place not in (3, 4, 8))
    lines = diagram(BAD, some).splitlines()
    assert [line for line in lines if "more" in line] == [
        "  Note over C,S: 2 segments more",
        "  Note over C,S: 1 segment more",
    ]


def test_without_segments_the_finding_is_drawn() -> None:
    lines = diagram(BAD, ()).splitlines()
    assert lines[3:5] == ["  C->>S: F. seq 101 ack 301", "  S->>C: . seq 301 ack 101"]
    assert lines[5].startswith("  Note over C,S: close.fin-acked")


def test_what_was_expected_is_told_without_a_ladder_and_what_is_gone_by_name() -> None:
    gone = Expected("capture", "open.syn-ack", "2026-01-01", "was so", fate=Fate.GONE)
    found = shown(whole(EXPECTED, expected=(gone,), known=1, verdicts={}))
    assert "0 fail, 0 warn, 0 inconclusive, 0 skip, 1 expected" in found
    assert "| expected | expected: close.fin-acked, known since 2026-01-31: old firmware |" in found
    assert "open.syn-ack in capture no longer occurs" in found
    assert "mermaid" not in found
    assert "### Connection 9" not in found


def test_a_recording_is_shown_as_its_check() -> None:
    failed = report(run(exchange("close-by-us", Verdict.FAIL, findings=(UNANSWERED,))), command="replay")
    late = replace(failed, runs=(), unchecked=(Unchecked("b.pcapng", "not judged by the deadline"),))
    recordings = (
        Recording("a.pcapng", failed, {Verdict.FAIL: 1}, ("open: recorded fail, now pass",)),
        Recording("b.pcapng", late, {}),
    )
    found = as_markdown(document(captures(None, *recordings), code=1, errors=["cannot <write>"]))
    assert "## probe replay a.pcapng: 1 of 1 exchanges failed" in found
    assert "1 of 1 verdict differ from the recorded ones" in found
    assert "- open: recorded fail, now pass" in found
    assert "## probe replay b.pcapng: nothing was judged" in found
    assert "- cannot \\<write\\>" in found
    assert found.count("```mermaid") == 1


def test_nothing_at_all_is_said() -> None:
    assert "nothing was judged" in as_markdown(document(captures(None), code=4, errors=["no such file"]))


@pytest.mark.parametrize("room", [0, 100, 300, 700, 3000, 10_000])
def test_a_summary_keeps_to_its_room(room: int) -> None:
    many = [replace(BAD, index=number) for number in range(20)]
    segments = {("a.pcap", n): tuple(enumerate(PACKETS)) for n in range(20)}
    found = as_markdown(document(captures(whole(*many), segments=lambda drawn: segments), code=1), room)
    assert len(found.encode()) <= room
    assert found.count("```") % 2 == 0


def test_a_rule_is_one_annotation_with_an_example() -> None:
    found = whole(
        BAD, MILD, deviations={("a.b", Verdict.FAIL): 3, (BROKEN.rule, Verdict.WARN): 2, (BROKEN.rule, Verdict.FAIL): 1}
    )
    lines = as_annotations(document(found, errors=["no room"])).splitlines()
    assert [line.partition("::")[2].partition("::")[0] for line in lines] == [
        "error title=probe%3A environment",
        "error title=a.b in 3 connections",
        "error title=close.fin-acked in 1 connection",
        "warning title=close.fin-acked in 2 connections",
    ]
    assert "connection 7 of a.pcap (192.0.2.2:50007 > 192.0.2.1:80): sent F. seq 101" in lines[2]
    assert as_annotations(document(replace(found, deviations={}, late=True, listed=()))) == ""
    late = replace(found, deviations={}, late=True, fail_on=frozenset({Verdict.INCONCLUSIVE}))
    assert as_annotations(document(late)).startswith("::error title=inconclusive::")
