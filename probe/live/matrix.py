"""The matrix of one target: which states it can be brought into, every cell there, attempts to verdicts to a run."""

from __future__ import annotations

import gc
from collections import defaultdict, deque
from dataclasses import replace

from probe.engine.belief.tracker import CLOSED, LISTENING
from probe.engine.judge.attempt import Opinion
from probe.engine.judge.excuses import Doubt
from probe.engine.play.matrix.approaches import APPROACHES, Approach, possible
from probe.engine.play.matrix.attempt import CellConductor, Heard, ThoroughConductor
from probe.engine.play.matrix.cells import CANDIDATES, Barred, Questions, cells, control, patience_test
from probe.engine.trial.attempt import Attempt
from probe.engine.trial.matrix import Facts, MatrixHearing, Record
from probe.live.frame import Frame
from probe.live.line import Line, open_line
from probe.live.options import MatrixOptions
from probe.live.pacing import GONE, Silence
from probe.live.ports import ClosedPorts
from probe.live.triggers import Detection, find_trigger, known_trigger
from probe.recording.matrix_metadata import CellVerdict, MatrixMetadata
from probe.recording.metadata import CellMetadata, Unsent
from probe.recording.writing import comments_of
from probe.results.matrix import MatrixRun
from probe.results.verdict import Verdict, Why
from probe.scenarios.steps import Scenario
from probe.scenarios.triggers import NONE, Trigger, missing
from probe.spec.segment import Endpoint
from probe.spec.states import State

MANY, FEW = 384, 5
"""Connections at a time: behind `probe target`, whose backlog is long, and behind any other server."""
QUICK = 0.6
"""The patience where a round trip takes next to nothing: a stack answers at once or not at all."""


def matrix(target: Endpoint, options: MatrixOptions | None = None) -> MatrixRun:
    """Play every cell against ``target`` and judge it; WireError or TargetError when that cannot begin."""
    chosen = options or MatrixOptions()
    # Next to nothing here is cyclic, and most is kept: looking for garbage would cost a third of the time.
    was = gc.isenabled()
    gc.disable()
    try:
        with open_line(target, chosen) as line:
            return _Matrix(target, chosen, line).run()
    finally:
        if was:
            gc.enable()


class _Matrix:
    """One matrix in progress."""

    def __init__(self, target: Endpoint, options: MatrixOptions, line: Line) -> None:
        self.target, self.options = target, options
        self.frame = Frame(line, options, at_hand=QUICK)
        self.closed = ClosedPorts(target, options.closed_port, line.pool, local=line.local)
        self.detection = Detection(known_trigger(options.trigger))
        ways = tuple(way for way in APPROACHES if options.kinds(way.state.value))
        self.hearing = MatrixHearing(target, options.kinds, ways)
        # What is to be played, for as many attempts as it takes: the exchange of a cell, or of a way into a state.
        self.queue: deque[tuple[Scenario, Record]] = deque()
        self.playing: dict[Attempt, Record] = {}
        self.connections = self.done = self.total = 0
        self.lag = 0.0
        self.silence = Silence()
        self.barred: dict[str, Barred] = defaultdict(frozenset)
        self.comments: dict[int, list[str]] = {}
        self.last: dict[str, int] = {}  # the last packet of each cell's last attempt
        self.unsent: list[Unsent] = []

    def run(self) -> MatrixRun:
        """Find the trigger, then the ways that lead somewhere, then all cells of those, side by side."""
        frame = self.frame
        with frame:
            if self.detection.trigger is None:
                self.connections += find_trigger(frame, self.detection, self.target, FEW)
            self._look_for_ways()
            self._play_cells()
        facts = Facts(frame.dropped, frame.interrupted, frame.late, self._gone)
        found, ways = self.hearing.results(facts)
        run = MatrixRun(
            str(self.target),
            self.target.version,
            self.trigger.kind,
            found,
            ways,
            self.connections,
            frame.warnings([self.silence.sentence(self.target)] if self._gone else []),
            frame.seconds,
            frame.interrupted,
            frame.trouble,
            frame.late,
        )
        if self.options.recorder is not None:
            self._save(run, facts)
        return run

    @property
    def _gone(self) -> bool:
        """Whether the peer answers no longer: more connections in a row without answer than it sees at a time."""
        return self.silence.count >= GONE + self.parallel

    @property
    def trigger(self) -> Trigger:
        """How the application is brought to act; none until that is known."""
        return self.detection.trigger or NONE

    @property
    def parallel(self) -> int:
        """How many connections the host may see at a time."""
        return self.options.parallel or (MANY if self.trigger.obedient else FEW)

    # -- what is played when ---------------------------------------------------------------------------------------

    def _look_for_ways(self) -> None:
        """Each way once without a stimulus: where that does not work, no cell of it is played."""
        hearing = self.hearing
        hearing.ways = possible(hearing.ways, self._lacking)
        for way in hearing.ways:
            why = self._lacking(way)
            record = hearing.reached[way.id] = Record(way, lacking=bool(why))
            if why:
                record.heard.append(Heard(Opinion(Verdict.SKIP, why, why=Why.NO_TRIGGER)))
            else:
                self.queue.append((control(way), record))
        self._play()
        for _ in list(CANDIDATES)[1:]:
            self._ask_otherwise()

    def _ask_otherwise(self) -> None:
        """Where the question itself is answered wrongly, which its own column will tell, try the next best one."""
        reached = self.hearing.reached
        for way in self.hearing.ways:
            opinion = self.hearing.opinion(reached[way.id])
            unanswered = way.state is State.LISTEN and opinion.doubt is Doubt.NO_EVIDENCE
            if opinion.findings or unanswered:
                asked = Questions(way, self.barred[way.id]).best(frozenset({way.tcb}))
                self.barred[way.id] |= {name for name, question in CANDIDATES.items() if question == asked}
                reached[way.id] = Record(way)
                self.queue.append((control(way, self.barred[way.id]), reached[way.id]))
        self._play()

    def _lacking(self, way: Approach) -> str:
        return missing(self.trigger, way.commands)

    def _play_cells(self) -> None:
        hearing = self.hearing
        if any(way.state is State.SYN_RECEIVED and way.opens == "us" for way in hearing.ways):
            self.queue.append((patience_test(), Record(hearing.ways[0])))
        for way in hearing.ways:
            if hearing.opinion(hearing.reached[way.id]).word is not Verdict.PASS:
                continue
            for kind in self.options.kinds(way.state.value):
                for cell in cells(way, kind, self.barred[way.id]):
                    hearing.records.append(Record(way, cell))
                    self.queue.append((cell.scenario, hearing.records[-1]))
        self.total = len(self.queue)
        self._play()

    def _play(self) -> None:
        """Side by side; what is left in doubt goes to the end of the queue, where its wait costs nothing."""
        self.frame.play(self._next, self._finished, self.parallel)

    def _next(self) -> Attempt | None:
        if not self.queue or self._gone:
            return None
        scenario, record = self.queue.popleft()
        closed, called = scenario.port == "closed", scenario.opens == "peer"
        trigger = self.detection.trigger_for(scenario)
        setting = self.frame.setting(scenario, trigger, CLOSED if closed or called else LISTENING)
        conductor = (
            CellConductor(record.cell, setting, self.lag) if record.cell else ThoroughConductor(scenario, setting)
        )
        self.connections += 1
        attempt = self.frame.attempt(conductor, self.closed.endpoint() if closed else self.target)
        self.playing[attempt] = record
        return attempt

    def _finished(self, attempt: Attempt) -> None:
        record = self.playing.pop(attempt)
        self.silence.heard(attempt)
        heard = self.hearing.heard(record, attempt)
        if isinstance(attempt.conductor, CellConductor):
            self.lag = max(self.lag, attempt.conductor.lag)
        if self.options.recorder is not None:
            self._record(record, attempt, heard.opinion)
        if not self.hearing.complete(record):
            self.queue.append((attempt.scenario, record))
        elif record.cell is not None:
            self.done += 1
        if self.options.progress is not None and self.total:
            self.options.progress(self.done, self.total)

    # -- what is kept ----------------------------------------------------------------------------------------------

    def _record(self, record: Record, attempt: Attempt, opinion: Opinion) -> None:
        """Comment the packets of an attempt, so that they can be judged again."""
        conductor, number = attempt.conductor, len(record.heard)
        way = record.way.id if record.cell is not None or attempt.scenario.id == record.way.id else ""
        cell = CellMetadata(way, tuple(sorted(self.barred[way])))
        if isinstance(conductor, CellConductor):
            cell = replace(cell, ordinal=conductor.ordinal, isns=conductor.isns)
        terms = conductor.setting.terms
        comments = comments_of(attempt, opinion, number, terms, cell=cell)
        self.comments |= comments
        if not comments:
            interrupted = conductor.transcript.interrupted
            self.unsent.append(Unsent(attempt.scenario.id, number, interrupted, attempt.flow, cell))
        elif record.cell is not None:
            self.last[record.cell.id] = max(comments)

    def _save(self, run: MatrixRun, facts: Facts) -> None:
        """Write what was seen, with the verdicts; what no packet shows stands on the last one."""
        for cell in run.cells:
            if cell.id in self.last:
                verdict = CellVerdict(cell.id, cell.verdict, tuple(f.rule for f in cell.findings))
                self.comments[self.last[cell.id]].append(verdict.text())
        hearing = self.hearing
        lacking = {w.id: r.heard[0].opinion for w in hearing.ways if (r := hearing.reached.get(w.id)) and r.lacking}
        metadata = MatrixMetadata(
            target=self.target,
            trigger=run.trigger,
            ways=tuple(way.id for way in hearing.ways),
            only=self.options.only,
            skipped={name: (opinion.why, opinion.reason) for name, opinion in lacking.items()},
            unsent=tuple(self.unsent),
            connections=run.connections,
            dropped=facts.dropped,
            interrupted=facts.interrupted,
            late=facts.late,
            silent=facts.silent,
            seconds=run.seconds,
            warnings=run.warnings,
            trouble=run.trouble,
        )
        loop = self.frame.loop
        if loop.arrivals:
            last = loop.arrivals[-1].number + loop.recorded
            self.comments.setdefault(last, []).append(metadata.text())
        self.frame.write(self.comments)
