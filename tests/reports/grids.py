"""Records of matrices for the tests of their reports."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from probe.results.matrix import ApproachResult, CellResult, MatrixRun
from probe.results.verdict import Finding, Verdict
from probe.spec.rules import Level

_PASSED = CellResult(
    ip_version=4,
    state="ESTABLISHED",
    way="idle",
    segment="ACK",
    seq="RCV.NXT-1",
    ack="SND.NXT",
    payload=False,
    verdict=Verdict.PASS,
    rule="seg.below-window-empty",
    level="SPEC",
    clause="RFC 9293 3.4 Table 5",
    sent=". seq 20 ack 11",
    due=". seq 11 ack 21",
    came=". seq 11 ack 21",
    next_states=("ESTABLISHED",),
    kernel_state="ESTABLISHED",
    attempts=1,
)


def cell(**changes: Any) -> CellResult:  # noqa: ANN401  # fields of the record
    """A cell that passed, but for ``changes``; one that departs has a finding."""
    made = replace(_PASSED, **changes)
    if made.verdict not in {Verdict.FAIL, Verdict.WARN}:
        return made
    finding = Finding(made.rule, Level(made.level), made.clause, made.sent, made.due, "nothing for 0.6 s", (3, 4))
    return replace(made, came=finding.came, findings=(finding,))


def grid(*cells: CellResult, ways: tuple[ApproachResult, ...] = (), **changes: Any) -> MatrixRun:  # noqa: ANN401
    """One run with these cells."""
    return replace(MatrixRun("192.0.2.1:80", 4, "target", cells, ways, connections=len(cells)), **changes)
