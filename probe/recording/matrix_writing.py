"""What a matrix leaves in its recording: comments on the packets of each attempt, each cell's verdict, the run."""

from __future__ import annotations

from dataclasses import dataclass, field

from probe.engine.play.matrix.attempt import CellConductor
from probe.engine.trial.attempt import Attempt
from probe.engine.trial.matrix import Facts, MatrixHearing, Record
from probe.recording.matrix_metadata import CellVerdict, MatrixMetadata
from probe.recording.metadata import CellMetadata, Unsent
from probe.recording.writing import comments_of
from probe.results.matrix import MatrixRun


@dataclass(slots=True)
class MatrixComments:
    """The comments by the number of their packet, gathered while the matrix is played."""

    by_packet: dict[int, list[str]] = field(default_factory=dict)
    unsent: list[Unsent] = field(default_factory=list)
    _last: dict[str, int] = field(default_factory=dict)
    """The last packet of each cell's last attempt."""

    def add(self, record: Record, attempt: Attempt, place: int) -> None:
        """An attempt, the ``place``-th of its record from 0, so that it can be judged again."""
        conductor, number = attempt.conductor, place + 1
        way = record.way.id if record.cell is not None or attempt.scenario.id == record.way.id else ""
        cell = CellMetadata(way, tuple(sorted(record.barred)), round=record.round)
        if isinstance(conductor, CellConductor):
            stimulus = conductor.ordinal, conductor.isns
            cell = CellMetadata(way, cell.barred, *stimulus, record.round, conductor.cell.patient)
        opinion, terms = record.heard[place].opinion, conductor.setting.terms
        comments = comments_of(attempt, opinion, number, terms, cell=cell)
        self.by_packet |= comments
        if not comments:
            interrupted = conductor.transcript.interrupted
            self.unsent.append(Unsent(attempt.scenario.id, number, interrupted, attempt.flow, cell))
        elif record.cell is not None:
            self._last[record.cell.id] = max(comments)

    def close(
        self,
        hearing: MatrixHearing,
        run: MatrixRun,
        facts: Facts,
        last: int,
        *,
        only: frozenset[tuple[str, str]],
        skip: tuple[str, ...],
    ) -> None:
        """The run is over: the verdicts, and on packet ``last`` what no packet shows."""
        for cell in run.cells:
            if cell.id in self._last:
                verdict = CellVerdict(cell.id, cell.verdict, tuple(f.rule for f in cell.findings))
                self.by_packet[self._last[cell.id]].append(verdict.text())
        known = {way.id: hearing.reached(way) for way in hearing.ways}
        untried = {name: r.heard[0].opinion for name, r in known.items() if r.heard and not r.cases}
        metadata = MatrixMetadata(
            target=hearing.target,
            trigger=run.trigger,
            ways=tuple(known),
            only=only,
            left_out=skip,
            skipped={name: (opinion.why, opinion.reason) for name, opinion in untried.items()},
            unsent=tuple(self.unsent),
            connections=run.connections,
            interrupted=facts.interrupted,
            late=facts.late,
            deaths=tuple(hearing.deaths),
            seconds=run.seconds,
            warnings=run.warnings,
            trouble=run.trouble,
            learned=run.learned,
        )
        self.by_packet.setdefault(last, []).append(metadata.text())
