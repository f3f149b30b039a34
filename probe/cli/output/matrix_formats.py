"""The report of a matrix in every format it can be had in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from probe.reports import as_jsonl, as_matrix_json, as_matrix_markdown
from probe.results.expectations import from_runs
from probe.results.matrix import MatrixReport
from probe.results.verdict import Expected


@dataclass(frozen=True, slots=True)
class MatrixPapers:
    """``probe.cli.output.outputs.Papers`` of a matrix."""

    report: MatrixReport

    def json(self, code: int, errors: Sequence[str]) -> str:
        """The JSON document."""
        return as_matrix_json.render(self.report, exit_code=code, errors=errors)

    def last_line(self, code: int, errors: Sequence[str], now: float) -> str:
        """The line that ends --jsonl."""
        found = as_matrix_json.document(self.report, exit_code=code, errors=errors)
        left_out = ("schema_version", "command", "cells", "ways", "runs")
        return as_jsonl.event("summary", "matrix", now, {k: v for k, v in found.items() if k not in left_out})

    def junit(self, errors: Sequence[str]) -> str:
        """JUnit XML."""
        from probe.reports import junit_matrix  # its package takes a while to load

        return junit_matrix.render(self.report, errors=errors)

    def markdown(self, code: int, errors: Sequence[str], room: int | None = None) -> str:
        """The summary, in so many octets at most."""
        return as_matrix_markdown.render(self.report, exit_code=code, errors=errors, room=room)

    def annotations(self, errors: Sequence[str]) -> str:
        """Workflow commands of GitHub Actions."""
        return as_matrix_markdown.annotated(self.report, errors=errors)

    def expectations(self, today: str, reason: str) -> tuple[Expected, ...]:
        """Every deviation as an expected one."""
        return from_runs((), self.report.runs, today, reason, self.report.expected)
