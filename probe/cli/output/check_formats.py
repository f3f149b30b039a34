"""The report of a check or of listening in every format it can be had in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from probe.reports import as_annotations, as_json, as_jsonl, as_markdown
from probe.results.expectations import from_runs
from probe.results.verdict import Expected, Report


@dataclass(frozen=True, slots=True)
class CheckPapers:
    """``probe.cli.output.outputs.Papers`` of a report by exchanges."""

    report: Report

    def json(self, code: int, errors: Sequence[str]) -> str:
        """The JSON document."""
        return as_json.render(self.report, exit_code=code, errors=errors)

    def last_line(self, code: int, errors: Sequence[str], now: float) -> str:
        """The line that ends --jsonl."""
        return as_jsonl.summary(self.report, now, exit_code=code, errors=errors)

    def junit(self, errors: Sequence[str]) -> str:
        """JUnit XML."""
        from probe.reports import junit_suites  # its package takes a while to load

        return junit_suites.render(self.report, errors=errors)

    def markdown(self, code: int, errors: Sequence[str], room: int | None = None) -> str:
        """The summary, in so many octets at most."""
        return as_markdown.render(self.report, exit_code=code, errors=errors, room=room)

    def annotations(self, errors: Sequence[str]) -> str:
        """Workflow commands of GitHub Actions."""
        return as_annotations.render(self.report, errors=errors)

    def expectations(self, today: str, reason: str) -> tuple[Expected, ...]:
        """Every deviation as an expected one."""
        return from_runs(self.report.runs, (), today, reason, self.report.expected)
