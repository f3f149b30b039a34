"""The matrix of one target: which states it can be brought into, every cell there, attempts to verdicts to a run."""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from probe import scenarios
from probe.engine.belief.tracker import CLOSED, LISTENING
from probe.engine.judge.attempt import Opinion, judge
from probe.engine.judge.excuses import Doubt
from probe.engine.path.deciding import deciding
from probe.engine.play.conductor import Conductor
from probe.engine.play.matrix.approaches import APPROACHES, Approach, possible
from probe.engine.play.matrix.attempt import CellConductor, Heard, ThoroughConductor
from probe.engine.play.matrix.cells import CANDIDATES, Barred, Cell, Questions, cells, control, patience_test
from probe.engine.trial.attempt import Attempt, case_of
from probe.engine.trial.death import autopsy, last_sign, suspects, told, void
from probe.engine.trial.matrix import LEFT_OUT, Facts, MatrixHearing, Record, left_out
from probe.live.frame import Frame
from probe.live.line import Line, open_line
from probe.live.options import MatrixOptions
from probe.live.ports import ClosedPorts
from probe.live.preflight import find_closed, unanswered
from probe.live.triggers import Detection, find_trigger, known_trigger
from probe.live.vital import PAUSES, Vigil
from probe.recording.matrix_writing import MatrixComments
from probe.results.death import Ending
from probe.results.matrix import MatrixRun
from probe.results.verdict import Verdict, Why
from probe.scenarios.steps import Scenario, Send
from probe.scenarios.triggers import NONE, Trigger, missing
from probe.spec.segment import Endpoint
from probe.spec.states import State
from probe.wire.errors import DownError, UnansweredError

MANY, FEW = 384, 5
"""Connections at a time: behind `probe target`, whose backlog is long, and behind any other server."""
SPARSE = 16
"""The same where the crowd is the suspect: less than any host is known to bound its answers to."""
ENOUGH = 3
"""Attempts in a crowd that differ: whether the crowd is why is seen outside it."""
SAMPLE = 40
"""So many cells in doubt are played anew to see whether that settles them."""
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


class Limits:
    """Whether the peer limits how often it answers: questions behind a segment that had to be answered meet silence."""

    def __init__(self) -> None:
        self._asked = self._silent = 0

    def heard(self, cell: Cell, *, silent: bool) -> None:
        """An attempt at a cell ended; ``silent``: its question was not answered."""
        if _draws(cell) and not cell.patient:
            self._asked, self._silent = self._asked + 1, self._silent + silent

    def apply(self, cell: Cell) -> bool:
        """Whether the question of this cell is better asked with patience from the start."""
        return _draws(cell) and self._asked >= ENOUGH and 2 * self._silent > self._asked


def _draws(cell: Cell) -> bool:
    return all(reaction.reply is not None for reaction in cell.due)


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
        self.width = 0
        self.connections = self.done = self.total = 0
        self.lag = 0.0
        self.limits = Limits()
        self.vigil = Vigil()
        self.ended: deque[tuple[Attempt, Record]] = deque(maxlen=4 * MANY)
        self.comments = MatrixComments()

    def run(self) -> MatrixRun:
        """Find the trigger, then the ways that lead somewhere, then all cells of those, side by side.

        UnansweredError where the port is shut.
        """
        frame, shut = self.frame, ""
        with frame:
            if any(way.port == "open" for way in self.hearing.ways):
                shut = unanswered(frame, self.target)
            if not shut:
                self._play_all()
        if shut:
            frame.save_unanswered(self.target, shut)
            raise UnansweredError(shut)
        facts = Facts(frame.interrupted, frame.late)
        found, ways = self.hearing.results(facts)
        run = MatrixRun(
            str(self.target),
            self.target.version,
            self.trigger.kind,
            found,
            ways,
            self.connections,
            frame.warnings([f"{self.target}: {told(one)}" for one in self.hearing.deaths]),
            frame.seconds,
            frame.interrupted,
            frame.trouble,
            frame.late,
            self.hearing.evidence.path(),
            frame.habits.learned,
        )
        segments = (arrival for arrival in reversed(frame.loop.arrivals) if arrival.icmp is None)
        if last_one := next(segments, None):  # only comments of TCP are read
            last = last_one.number + frame.loop.recorded
            self.comments.close(self.hearing, run, facts, last, only=self.options.only, skip=self.options.skip)
            frame.write(self.comments.by_packet)
        return run

    @property
    def trigger(self) -> Trigger:
        """How the application is brought to act; none until that is known."""
        return self.detection.trigger or NONE

    @property
    def parallel(self) -> int:
        """How many connections the host may see at a time."""
        return self.options.parallel or (MANY if self.trigger.obedient else FEW)

    # -- what is played when ---------------------------------------------------------------------------------------

    def _play_all(self) -> None:
        if any(way.port == "closed" for way in self.hearing.ways):
            find_closed(self.frame, self.closed)
        if self.detection.trigger is None:
            self.connections += find_trigger(self.frame, self.detection, self.target, FEW)
        self._look_for_ways()
        self._play_cells()
        self._play_deciding()
        self._play_apart()

    def _look_for_ways(self) -> None:
        """Each way once without a stimulus: where that does not work, no cell of it is played."""
        hearing = self.hearing
        hearing.ways = possible(hearing.ways, self._lacking)
        for way in hearing.ways:
            if why := self._lacking(way):
                data = Why.NO_CLOSED_PORT if way.port == "closed" else Why.NO_TRIGGER
                hearing.tried[way.id] = [Record(way, heard=[Heard(Opinion(Verdict.SKIP, why, why=data))])]
            else:
                self._try(way, frozenset())
        self._play(self.parallel)
        # Where the question itself is not answered as it should, which its own column will tell, all others are asked.
        doubtful = [way for way in hearing.ways if self._doubtful(hearing.tried[way.id][0])]
        for way in doubtful:
            for barred in self._other_questions(way):
                self._try(way, barred)
        self._play(self.parallel)
        for way in doubtful:
            if hearing.opinion(hearing.reached(way)).word is not Verdict.PASS:
                reason = "this peer answers no question there, so that nothing tells what it does"
                skip = Heard(Opinion(Verdict.SKIP, reason, why=Why.UNANSWERED))
                hearing.tried[way.id].append(Record(way, heard=[skip]))

    def _try(self, way: Approach, barred: Barred) -> None:
        tried = self.hearing.tried.setdefault(way.id, [])
        tried.append(Record(way, barred=barred, round=len(tried)))
        self.queue.append((control(way, barred), tried[-1]))

    def _doubtful(self, record: Record) -> bool:
        """Whether it may be the question that does not work, and not the way."""
        opinion = self.hearing.opinion(record)
        sent = sum(isinstance(step, Send) for step in record.way.steps)
        at_question = opinion.departure is not None and opinion.departure.place >= sent
        unanswered = record.way.state is State.LISTEN and opinion.doubt is Doubt.NO_EVIDENCE
        return bool(record.cases) and (unanswered or (bool(opinion.findings) and at_question))

    @staticmethod
    def _other_questions(way: Approach) -> Iterator[Barred]:
        """What is left out of the questions so that the second best is asked, the third best and so on."""
        barred: Barred = frozenset()
        while (best := Questions(way, barred).best(frozenset({way.tcb}))) is not None:
            barred |= {name for name, question in CANDIDATES.items() if question == best}
            if Questions(way, barred).best(frozenset({way.tcb})) is not None:
                yield barred

    def _lacking(self, way: Approach) -> str:
        return self.closed.lacking if way.port == "closed" else missing(self.trigger, way.commands)

    def _play_cells(self) -> None:
        """All of them side by side; those that stacks have died of come last."""
        hearing = self.hearing
        for way in hearing.ways:
            reached = hearing.reached(way)
            if hearing.opinion(reached).word is not Verdict.PASS:
                continue
            for kind in self.options.kinds(way.state.value):
                for cell in cells(way, kind, reached.barred):
                    hearing.records.append(Record(way, cell, barred=reached.barred))
        if any(way.state is State.SYN_RECEIVED and way.opens == "us" for way in hearing.ways):
            self.queue.append((patience_test(), Record(hearing.ways[0])))
        wanted = []
        for record in hearing.records:
            assert record.cell is not None
            if left_out(record.cell, self.options.skip):
                record.heard.append(LEFT_OUT)
            else:
                wanted.append(record)
        self.total = len(wanted)
        for risky in (False, True):
            self._queue(r for r in wanted if r.cell is not None and r.cell.risky is risky)
            self._play(self.parallel)

    def _play_deciding(self) -> None:
        """What decides over suspects of the path that may have kept something back; the cells asked for may not."""
        evidence = self.hearing.evidence
        some = [scenarios.ALL[name] for name in deciding(evidence.path(), evidence.undecided)]
        some = [s for s in some if not missing(self.trigger, s.commands)]
        if any(s.port == "closed" for s in some):
            find_closed(self.frame, self.closed)
        self.queue.extend((s, Record(APPROACHES[0])) for s in some if s.port == "open" or not self.closed.lacking)
        self._play(self.parallel)

    def _queue(self, records: Iterable[Record]) -> None:
        self.queue.extend((r.cell.scenario, r) for r in records if r.cell is not None)

    def _play_apart(self) -> None:
        """What our own crowd may have brought about is played anew, a few at a time, then alone.

        A host bounds how often it answers (RFC 5961 section 7) and how much it does at a time. So of every kind of
        departure that is a silence one is looked at again where there is room, and all of it where that one differs;
        and so is what the attempts could not settle, unless the first of those show that room does not help.
        """
        if self.parallel > SPARSE:
            self._look_again_at_silences()
        for width in (SPARSE, 1):
            doubtful = self._unsettled(self.hearing.records)
            if width >= self.parallel or not doubtful:
                continue
            self._anew(doubtful[:SAMPLE], width)
            if 2 * len(self._unsettled(doubtful[:SAMPLE])) <= len(doubtful[:SAMPLE]):
                self._anew(doubtful[SAMPLE:], width)
        self._queue(r for r in self.hearing.records if not self.hearing.complete(r))
        self.width = 0  # what is left is not the crowd's doing: it gets all the attempts that help
        self.frame.play(self._next, self._finished, self.parallel + len(PAUSES))

    def _look_again_at_silences(self) -> None:
        alike: dict[tuple[str, str], list[Record]] = {}
        records = self.hearing.records
        for record, opinion in zip(records, self.hearing.opinions(records), strict=True):
            silent = opinion.departure is not None and opinion.departure.kind == "silence"
            if record.cell is not None and opinion.findings and silent:
                alike.setdefault((record.cell.kind, opinion.findings[0].rule), []).append(record)
        before = dict(zip(alike, self.hearing.opinions(group[0] for group in alike.values()), strict=True))
        self._queue(group[0] for group in alike.values())
        self._play(SPARSE)
        # One more that departs the same way says that it was not the crowd; one that does not may be chance.
        other = [k for k, group in alike.items() if group[0].heard[-1].opinion.departure != before[k].departure]
        self._anew((alike[k][0] for k in other), SPARSE)
        for k, now in zip(other, self.hearing.opinions(alike[k][0] for k in other), strict=True):
            if (before[k].word, before[k].departure) != (now.word, now.departure):
                self._anew(alike[k][1:], SPARSE)

    def _unsettled(self, records: Sequence[Record]) -> list[Record]:
        """Those whose attempts settled nothing, where others might."""
        found = zip(records, self.hearing.opinions(records), strict=True)
        return [r for r, o in found if r.heard and (o.word is Verdict.INCONCLUSIVE or o.why is Why.APPLICATION)]

    def _anew(self, records: Iterable[Record], width: int) -> None:
        some = list(records)
        for record in some:
            record.anew()
        self._queue(some)
        self._play(width)

    def _play(self, width: int) -> None:
        """So many at a time; what is left in doubt goes to the end of the queue, where its wait costs nothing."""
        self.width = width
        try:
            self.frame.play(self._next, self._finished, width + len(PAUSES))
        except DownError as error:
            self.vigil.ending, self.vigil.trouble = Ending.LINE, str(error)
            self._mourn(Ending.LINE)
            raise
        if self.vigil.ending is not None and not self.hearing.deaths:
            self._mourn(self.vigil.ending)

    def _mourn(self, ending: Ending) -> None:
        """The peer answers no longer: what was judged by its silence was not judged."""
        vigil, attempts = self.vigil, [attempt for attempt, _ in self.ended]
        found = suspects(attempts, ending)
        self.hearing.deaths.append(autopsy(found, ending, vigil.asked, vigil.seconds, vigil.trouble))
        late = void(attempts, last_sign(attempts, ending))
        for attempt, record in self.ended:
            if attempt in late and (place := record.place(attempt)) is not None:
                record.heard[place] = Heard(judge(case_of(attempt)))
                self._keep(record, attempt, place)

    def _next(self) -> Attempt | None:
        if self.vigil.ending is not None:
            return None
        if self.vigil.doubted:
            return self.vigil.next(self.frame, self.target)
        if not self.queue or len(self.playing) >= min(self.width, self.vigil.room):
            return None
        scenario, record = self.queue.popleft()
        self.connections += 1
        remote = self.closed.endpoint if scenario.port == "closed" else self.target
        attempt = self.frame.attempt(self._conductor(scenario, record), remote)
        self.playing[attempt] = record
        return attempt

    def _conductor(self, scenario: Scenario, record: Record) -> Conductor:
        start = CLOSED if scenario.port == "closed" or scenario.opens == "peer" else LISTENING
        setting = self.frame.setting(scenario, self.detection.trigger_for(scenario), start)
        if record.cell is None:
            return ThoroughConductor(scenario, setting)
        if record.begins and self.limits.apply(record.cell):
            record.cell = replace(record.cell, patient=True)
        return CellConductor(record.cell, setting, self.lag)

    def _finished(self, attempt: Attempt) -> None:
        if self.vigil.took(attempt, self.frame):
            return
        record = self.playing.pop(attempt)
        self.ended.append((attempt, record))
        self.vigil.heard(attempt, self.frame.habits.answer)
        opinion = self.hearing.heard(record, attempt).opinion
        if isinstance(attempt.conductor, CellConductor):
            self.lag = max(self.lag, attempt.conductor.lag)
        self._keep(record, attempt, len(record.heard) - 1)
        again = self._again(record, opinion)
        if again:
            self.queue.append((attempt.scenario if record.cell is None else record.cell.scenario, record))
        elif record.cell is not None:
            self.done = min(self.done + 1, self.total)
        if self.options.progress is not None and self.total:
            self.options.progress(self.done, self.total)

    def _keep(self, record: Record, attempt: Attempt, place: int) -> None:
        if self.options.recorder is not None:
            self.comments.add(record, attempt, place)

    def _again(self, record: Record, opinion: Opinion) -> bool:
        """Whether another attempt is to be made now; one that is to ask with more patience begins the record anew."""
        if record.cell is not None:
            silent = opinion.why is Why.UNANSWERED
            self.limits.heard(record.cell, silent=silent)
            if silent and not record.cell.patient:
                record.anew(replace(record.cell, patient=True))
                return True
        if self.width and record.mixed and len(record.heard) >= ENOUGH:
            return False  # it is looked at again where there is room
        return not self.hearing.complete(record)
