"""The JSON document of a matrix: the names scripts rely on are listed in probe/reports/README.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from probe.reports.as_json import Document, dumps, envelope, expected, known
from probe.results.matrix import ApproachResult, CellResult, MatrixReport, MatrixRun
from probe.results.verdict import Verdict


def render(report: MatrixReport, *, exit_code: int | None = None, errors: Sequence[str] = ()) -> str:
    """The report as one JSON document; ``exit_code`` is the report's own unless an error outside it changed it."""
    return dumps(document(report, exit_code=exit_code, errors=errors))


def document(report: MatrixReport, *, exit_code: int | None = None, errors: Sequence[str] = ()) -> Document:
    """The report as plain lists, dicts and numbers."""
    counts = Counter(cell.news for cell in report.cells if not cell.expected)
    code = report.exit_code if exit_code is None else exit_code
    return {
        **envelope("matrix", report.profile, code),
        "interrupted": report.interrupted,
        "counts": {word.value: counts[word] for word in Verdict} | {"expected": len(report.cells) - counts.total()},
        "runs": [run_document(run) for run in report.runs],
        "cells": [cell_document(cell, run) for run in report.runs for cell in run.cells],
        "ways": [_way(way, run) for run in report.runs for way in run.ways],
        "warnings": [warning for run in report.runs for warning in run.warnings],
        "expected": [expected(one) for one in report.expected],
        "errors": list(errors),
    }


def run_document(run: MatrixRun) -> Document:
    """One run without its cells."""
    return {
        "target": run.target,
        "ip_version": run.ip_version,
        "trigger": run.trigger,
        "connections": run.connections,
        "seconds": round(run.seconds, 6),
        "interrupted": run.interrupted,
        "late": run.late,
    }


def cell_document(cell: CellResult, run: MatrixRun) -> Document:
    """``seq`` and ``ack`` are named in the RFC's variables of the peer; the segments are relative to the ISNs."""
    return {
        "target": run.target,
        "ip_version": cell.ip_version,
        "state": cell.state,
        "way": cell.way,
        "segment": cell.segment,
        "seq": cell.seq,
        "ack": cell.ack,
        "payload": cell.payload,
        "verdict": cell.verdict.value,
        "reason": cell.reason,
        "rule": cell.rule,
        "level": cell.level,
        "clause": cell.clause,
        "sent": cell.sent,
        "due": cell.due,
        "came": cell.came,
        "next_states": list(cell.next_states),
        "kernel_state": cell.kernel_state,
        "attempts": cell.attempts,
        "expected": [known(one) for one in cell.known],
        "packets": [number for finding in cell.findings for number in finding.packets],
    }


def _way(way: ApproachResult, run: MatrixRun) -> Document:
    return {
        "target": run.target,
        "ip_version": way.ip_version,
        "state": way.state,
        "way": way.way,
        "verdict": way.verdict.value,
        "reason": way.reason,
    }
