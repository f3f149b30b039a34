"""Attempts of a recorded matrix to its cells, judged as they were live."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache

from probe import scenarios
from probe.engine.judge.attempt import Opinion
from probe.engine.play.conductor import Conductor, Setting
from probe.engine.play.matrix.approaches import APPROACHES, Approach
from probe.engine.play.matrix.attempt import CellConductor, Heard
from probe.engine.play.matrix.cells import Cell, cells, control, patience_test
from probe.engine.trial.attempt import Attempt
from probe.engine.trial.matrix import LEFT_OUT, Facts, MatrixHearing, Record, left_out
from probe.recording.json_fields import DamagedError
from probe.recording.judging import CUT_SHORT, Difference, difference
from probe.recording.matrix_metadata import CellVerdict, MatrixMetadata
from probe.recording.metadata import AttemptMetadata, CellMetadata
from probe.results.matrix import MatrixRun
from probe.results.verdict import Verdict
from probe.spec.segment import KINDS
from probe.spec.seq import Seq

_WAYS = {way.id: way for way in APPROACHES}


class UnknownCellError(Exception):
    """This version of probe has no such cell."""


def conductor_of(exchange: str, metadata: CellMetadata, setting: Setting) -> Conductor:
    """What played the attempt; UnknownCellError where this version of probe cannot know it."""
    if not metadata.way:  # what tells of the path or the listener, and is no cell
        return Conductor(scenarios.ALL.get(exchange) or patience_test(), setting)
    if (way := _WAYS.get(metadata.way)) is None:
        raise UnknownCellError
    barred = frozenset(metadata.barred)
    if exchange == way.id:
        return Conductor(control(way, barred), setting)
    if (cell := _cells(way, barred).get(exchange)) is None:
        raise UnknownCellError
    conductor = CellConductor(replace(cell, patient=metadata.patient), setting)
    conductor.ordinal, conductor.isns = metadata.ordinal, metadata.isns
    return conductor


@cache
def _cells(way: Approach, barred: frozenset[str]) -> dict[str, Cell]:
    return {cell.id: cell for kind in KINDS for cell in cells(way, kind, barred)}


@dataclass(slots=True)
class RecordedMatrix:
    """The attempts of one matrix; ``differences`` are known once it is closed."""

    attempts: list[tuple[AttemptMetadata, Attempt]] = field(default_factory=list)
    verdicts: dict[str, CellVerdict] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)

    def closed(self, metadata: MatrixMetadata, profile: str) -> MatrixRun:
        """The run whose end ``metadata`` describes."""
        for unsent in metadata.unsent:
            cell = unsent.cell or CellMetadata("")
            conductor = conductor_of(unsent.exchange, cell, Setting(Seq(0)))
            conductor.transcript.interrupted = unsent.interrupted
            noted = AttemptMetadata(unsent.exchange, unsent.number, "", profile, "", cell=cell)
            self.attempts.append((noted, Attempt(conductor.scenario, conductor, unsent.flow, done=True)))
        hearing = self._hearing(metadata)
        facts = Facts(metadata.interrupted, metadata.late)
        found, ways = hearing.results(facts)
        target = str(metadata.target)
        for cell_result in found:
            if (recorded := self.verdicts.get(cell_result.id)) is not None:
                self.differences += difference(cell_result, target, recorded.word, recorded.rules)
        return MatrixRun(
            target,
            metadata.target.version,
            metadata.trigger,
            found,
            ways,
            metadata.connections,
            metadata.warnings,
            metadata.seconds,
            metadata.interrupted,
            metadata.trouble,
            metadata.late,
            hearing.evidence.path(),
            metadata.learned,
        )

    def cut_short(self, profile: str) -> MatrixRun:
        """What can be said where the end of the run is missing."""
        some = [attempt for _, attempt in self.attempts]
        target = next((a.flow.remote for a in some if a.scenario.port == "open"), some[0].flow.remote)
        met = {m.cell.way for m, _ in self.attempts if m.cell is not None}
        ways = tuple(way.id for way in APPROACHES if way.id in met)
        told = MatrixMetadata(target, "unknown", ways, connections=len(some), warnings=(CUT_SHORT,))
        return self.closed(told, profile)

    def _hearing(self, metadata: MatrixMetadata) -> MatrixHearing:
        def kinds(state: str) -> tuple[str, ...]:
            return tuple(kind for kind in KINDS if not metadata.only or (state, kind) in metadata.only)

        ways = tuple(_WAYS[name] for name in metadata.ways if name in _WAYS)
        hearing = MatrixHearing(metadata.target, kinds, ways)
        hearing.deaths = list(metadata.deaths)
        played: dict[str, Record] = {}
        barred: dict[str, frozenset[str]] = {}
        for (exchange, asked), record in self._heard(hearing).items():
            if record.cell is not None:
                played[exchange] = record  # of several rounds the last
                barred[asked.way] = record.barred
            elif asked.way:
                hearing.tried.setdefault(asked.way, []).append(record)
        for way in ways:
            if way.id in metadata.skipped:
                why, reason = metadata.skipped[way.id]
                skip = Heard(Opinion(Verdict.SKIP, reason, why=why))
                hearing.tried.setdefault(way.id, []).append(Record(way, heard=[skip]))
            hearing.records += self._planned(hearing, metadata, way, barred.get(way.id, frozenset()), played)
        return hearing

    def _heard(self, hearing: MatrixHearing) -> dict[tuple[str, CellMetadata], Record]:
        """A record for each round at each exchange, later rounds last; heard in the order of the file."""
        found: dict[tuple[str, CellMetadata], Record] = {}
        numbers: dict[Record, list[int]] = {}
        for noted, attempt in self.attempts:
            assert noted.cell is not None
            key = noted.exchange, replace(noted.cell, ordinal=0, isns=(Seq(0), Seq(0)))
            cell = attempt.conductor.cell if isinstance(attempt.conductor, CellConductor) else None
            way = _WAYS.get(noted.cell.way, APPROACHES[0])
            record = found.setdefault(
                key, Record(way, cell, barred=frozenset(noted.cell.barred), round=noted.cell.round)
            )
            hearing.heard(record, attempt)
            numbers.setdefault(record, []).append(noted.number)
        for (exchange, _), record in found.items():
            order = sorted(range(len(record.heard)), key=numbers[record].__getitem__)
            if sorted(numbers[record]) != list(range(1, len(order) + 1)):
                raise DamagedError(f"an attempt of {exchange} is missing")
            record.heard = [record.heard[place] for place in order]
            record.cases = [record.cases[place] for place in order]
        return dict(sorted(found.items(), key=lambda one: one[1].round))

    def _planned(
        self,
        hearing: MatrixHearing,
        metadata: MatrixMetadata,
        way: Approach,
        barred: frozenset[str],
        played: dict[str, Record],
    ) -> Iterator[Record]:
        """Those of a way in the order of the report; of a run that ended early also those that were not played."""
        open_ended = not metadata.whole and hearing.opinion(hearing.reached(way)).word is Verdict.PASS
        for cell in _cells(way, barred).values():
            wanted = cell.kind in hearing.kinds(way.state.value)
            if cell.id in played:
                yield played[cell.id]
            elif wanted and left_out(cell, metadata.left_out):
                yield Record(way, cell, heard=[LEFT_OUT])
            elif wanted and open_ended:
                yield Record(way, cell)
