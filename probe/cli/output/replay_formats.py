"""The report of a replay in every format it can be had in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from probe.cli.run.replay_outcome import Replayed, ReplayRequest
from probe.reports import as_replay_json, as_replay_markdown
from probe.results.connection import Connection, Replay
from probe.results.expectations import from_runs
from probe.results.verdict import Expected

LADDERS = 10
"""So many connections that failed are drawn, the worst first."""


@dataclass(frozen=True)
class ReplayPapers:
    """``probe.cli.output.outputs.Papers`` of a replay."""

    request: ReplayRequest
    outcome: Replayed

    def json(self, code: int, errors: Sequence[str]) -> str:
        """The JSON document, with every connection."""
        connections = map(as_replay_json.connection, self.outcome.connections())
        recordings = self.outcome.recordings
        return "".join(
            as_replay_json.render(self._whole, connections, exit_code=code, errors=errors, recordings=recordings)
        )

    def last_line(self, code: int, errors: Sequence[str], now: float) -> str:
        """The line that ends --jsonl."""
        del now  # as the lines of connections, which have times of their own
        return as_replay_json.last_line(self._whole, exit_code=code, errors=errors, recordings=self.outcome.recordings)

    def junit(self, errors: Sequence[str]) -> str:
        """JUnit XML of the connections to list."""
        from probe.reports import junit_replay  # its package takes a while to load

        return junit_replay.render(self.outcome.replay, self._listed, recordings=self.outcome.recordings, errors=errors)

    def markdown(self, code: int, errors: Sequence[str], room: int | None = None) -> str:
        """The summary, in so many octets at most."""
        return as_replay_markdown.render(self._report, exit_code=code, errors=errors, room=room)

    def annotations(self, errors: Sequence[str]) -> str:
        """Workflow commands of GitHub Actions."""
        report = as_replay_markdown.ReplayReport(self.outcome.replay, self._listed, self.outcome.recordings)
        return as_replay_markdown.annotated(report, errors=errors)

    def expectations(self, today: str, reason: str) -> tuple[Expected, ...]:
        """Every deviation as an expected one."""
        runs = [run for one in self.outcome.recordings for run in one.report.runs]
        return from_runs(runs, (), today, reason, self.outcome.expected, self.outcome.replay)

    @property
    def _listed(self) -> Sequence[Connection]:
        replay = self.outcome.replay
        return replay.listed[: self.request.limit] if replay is not None else ()

    @cached_property
    def _report(self) -> as_replay_markdown.ReplayReport:
        """With the segments to draw, which take another look at the files."""
        from probe.replay.excerpts import excerpts

        replay = self.outcome.replay
        drawn = [c for c in self._listed if replay is not None and as_replay_markdown.fails(c, replay)][:LADDERS]
        segments = excerpts(drawn)
        return as_replay_markdown.ReplayReport(replay, self._listed, self.outcome.recordings, segments)

    @cached_property
    def _whole(self) -> Replay:
        """All files together."""
        nothing = self.request.nothing()
        whole, sideline = self.outcome.replay or nothing, self.outcome.sideline or nothing
        return replace(
            whole,
            files=tuple(self.outcome.files),
            records=whole.records + sideline.records,
            skipped=dict(Counter(whole.skipped) + Counter(sideline.skipped)),
            faults=whole.faults + sideline.faults,
            interrupted=self.outcome.interrupted,
            late=self.outcome.late,
            expected=self.outcome.expected,
        )
