"""From the attempts of one matrix to its reported cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from probe.engine.judge.attempt import Opinion, judge
from probe.engine.judge.case import Case
from probe.engine.judge.in_view import in_view_of, rests_on_proxy
from probe.engine.judge.jury import heard_enough, settle, vote_on
from probe.engine.path.evidence import Evidence
from probe.engine.path.proxy import through
from probe.engine.play.matrix.approaches import Approach
from probe.engine.play.matrix.attempt import CellConductor, Heard, due_text, hear
from probe.engine.play.matrix.cells import Barred, Cell
from probe.engine.trial import death
from probe.engine.trial.attempt import Attempt, case_of
from probe.engine.trial.hearing import in_time, not_judged
from probe.results.death import Death
from probe.results.matrix import ApproachResult, CellResult
from probe.results.path import Path
from probe.results.verdict import Verdict, Why
from probe.spec import rules
from probe.spec.segment import Endpoint
from probe.spec.states import State

Kinds = Callable[[str], tuple[str, ...]]
"""The kinds of segment asked for in a state, both by the RFC's names."""


@dataclass(slots=True, eq=False)
class Record:
    """What the attempts at one cell (or at one way alone) showed."""

    way: Approach
    cell: Cell | None = None
    heard: list[Heard] = field(default_factory=list)
    kernel: str | None = None
    cases: list[Case] = field(default_factory=list)
    barred: Barred = frozenset()
    """The questions that were left out."""
    round: int = 0
    """How often it was begun anew; only the last round counts."""

    begins: bool = True
    """No attempt of this round has ended: those of the round before still stand."""

    def anew(self, cell: Cell | None = None) -> None:
        """Begin another round: what was heard may have been disturbed, or asked in a way this peer does not answer."""
        self.cell, self.round, self.begins = cell or self.cell, self.round + 1, True

    def place(self, attempt: Attempt) -> int | None:
        """Which of the attempts of this round it is, from 0; None where it is of an earlier one."""
        same = (at for at, case in enumerate(self.cases) if case.transcript is attempt.conductor.transcript)
        return next(same, None)

    @property
    def mixed(self) -> bool:
        """Whether the attempts at it that tell something differ."""
        told = (h.opinion for h in self.heard if h.opinion.word not in (Verdict.SKIP, Verdict.INCONCLUSIVE))
        return len({o.departure if o.findings else None for o in told}) > 1

    def add(self, heard: Heard, attempt: Attempt, case: Case) -> None:
        """One more attempt."""
        if self.begins:
            self.begins = False
            self.heard.clear()
            self.cases.clear()
        self.heard.append(heard)
        self.cases.append(case)
        judged = len(attempt.conductor.transcript.judged)
        last = max((index for index, _ in attempt.segments if index < judged), default=-1)
        self.kernel = attempt.kernel.get(last)  # an older note says nothing of what came after it

    def opinions(self, path: Path) -> list[Opinion]:
        """Of each attempt, in view of the path."""
        if len(self.cases) != len(self.heard):
            return [h.opinion for h in self.heard]
        pairs = zip(self.heard, self.cases, strict=True)
        return [in_view_of(path, h.opinion, case, self._beyond_proxy) for h, case in pairs]

    def _beyond_proxy(self, case: Case, opinion: Opinion) -> Opinion:
        """Before the handshake is over a proxy speaks for the peer; behind it, as long as nothing looks odd."""
        passed = through(case.transcript)
        opening = self.way.state in (State.LISTEN, State.SYN_RECEIVED)
        odd = opinion.findings or case.transcript.missing or passed is None or passed.taken or passed.changed
        return rests_on_proxy(opinion) if opening or odd else opinion


LEFT_OUT = Heard(not_judged(Why.LEFT_OUT))
"""Of a cell that the user did not want played."""


def left_out(cell: Cell, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns names the cell, by its id or its place (``ESTABLISHED:SYN+ACK``)."""
    names = cell.id, f"{cell.way.state.value}:{cell.kind}"
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


@dataclass(frozen=True, slots=True)
class Facts:
    """How the run went: an interruption, its deadline."""

    interrupted: bool = False
    late: bool = False

    def absent(self, undone: str) -> Opinion:
        """Why something was not ``undone`` (played, or tried)."""
        states = {Why.DEADLINE: self.late, Why.INTERRUPTED: self.interrupted}
        return not_judged(next((why for why, so in states.items() if so), Why.NOT_PLAYED), undone)


@dataclass(slots=True)
class MatrixHearing:
    """What the attempts of one matrix showed, live or recorded: at each way alone, and at each of the cells.

    ``ways`` and ``records`` are in the order of the report; ``kinds`` are the columns asked for in a row. ``tried`` has
    the attempts at each way alone, a record for each question.
    """

    target: Endpoint
    kinds: Kinds
    ways: tuple[Approach, ...]
    tried: dict[str, list[Record]] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    evidence: Evidence = field(default_factory=Evidence)
    deaths: list[Death] = field(default_factory=list)

    def reached(self, way: Approach) -> Record:
        """What came of the way alone: with the first question that is answered as it should be, else with the last."""
        tried = self.tried.get(way.id) or [Record(way)]
        passed = (r for r, o in zip(tried, self.opinions(tried), strict=True) if o.word is Verdict.PASS)
        return next(passed, tried[-1])

    @property
    def path(self) -> Path:
        """As far as it is known now."""
        return replace(self.evidence.path(), verdicts=max(1, len(self.records)))

    def complete(self, record: Record) -> bool:
        """Whether another attempt would add nothing, as far as the path is known now."""
        if [h.opinion.word for h in record.heard] == [Verdict.PASS]:
            return True  # whatever is known of the path: most cells end here
        path = self.path
        return heard_enough(record.opinions(path), path)

    def opinions(self, records: Iterable[Record]) -> list[Opinion]:
        """The verdict of all attempts so far, on each."""
        path = self.path
        return [vote_on(record.opinions(path), path) for record in records]

    def opinion(self, record: Record) -> Opinion:
        """The same on one."""
        return self.opinions([record])[0]

    def heard(self, record: Record, attempt: Attempt) -> Heard:
        """One more attempt, judged; CellConductors play the cells."""
        conductor, case = attempt.conductor, case_of(attempt)
        if record.cell is not None and isinstance(conductor, CellConductor):
            heard = hear(record.cell, replace(case, answers=True), conductor)
        else:
            heard = Heard(judge(case))
        record.add(heard, attempt, case)
        self.evidence.heard(case)
        return heard

    def results(self, facts: Facts) -> tuple[tuple[CellResult, ...], tuple[ApproachResult, ...]]:
        """The cells in the order of the report, and what became of each way."""
        path = self.path
        by_way = [self._way(facts, way) for way in self.ways]
        found: list[CellResult] = []
        for way, result in zip(self.ways, by_way, strict=True):
            own = [r for r in self.records if r.way is way]
            found += [self._cell(facts, r, path) for r in own]
            played = {w.state for w in by_way if w.verdict is Verdict.PASS} | {c.state for c in found}
            if not own and result.state not in played:
                # No way leads into the state: one cell a column says why.
                word = Verdict.SKIP if result.verdict is Verdict.SKIP else Verdict.INCONCLUSIVE
                at, reason, why = (result.ip_version, result.state, result.way), result.reason, result.why
                kinds = self.kinds(result.state)
                found += [CellResult(*at, kind, "", "", False, word, reason, why=why) for kind in kinds]
        return tuple(found), tuple(by_way)

    def _way(self, facts: Facts, way: Approach) -> ApproachResult:
        record = self.reached(way)
        opinion = self.opinion(record) if record.heard else facts.absent("tried")
        reason = opinion.reason
        if opinion.findings and not reason:
            first = opinion.findings[0]
            reason = f"{first.rule}: sent {first.sent}, due {first.due}, came {first.came}"
        unanswered = tuple(sorted(record.barred))
        return ApproachResult(
            self.target.version, way.state.value, way.name, opinion.word, reason, opinion.why, unanswered
        )

    def _absent(self, facts: Facts, cell: Cell) -> Opinion:
        if self.deaths:
            return Opinion(Verdict.INCONCLUSIVE, death.unplayed(self.deaths, cell.id), why=Why.DIED)
        return facts.absent("played")

    def _verdict(self, facts: Facts, record: Record, cell: Cell, path: Path) -> Opinion:
        heard = record.opinions(path)
        if self.deaths:  # what was cut short by one tells nothing
            heard = [opinion for opinion in heard if opinion.why is not Why.INTERRUPTED]
        if heard:
            opinion = settle(heard, path)
            opinion = in_time(opinion, heard, path) if facts.late else opinion
        else:
            opinion = self._absent(facts, cell)
        for found in (death.finding(one) for one in self.deaths if one.accused == cell.id):
            opinion = replace(opinion, word=Verdict.FAIL, reason="", why=Why.NONE, findings=(*opinion.findings, found))
        return opinion

    def _cell(self, facts: Facts, record: Record, path: Path) -> CellResult:
        cell = record.cell
        assert cell is not None
        opinion = self._verdict(facts, record, cell, path)
        # What is told of a cell is an attempt with its findings; of one that passed after a doubt, the one that passed.
        shown = [h for h in record.heard if h.opinion.findings] if opinion.findings else []
        last = (shown or record.heard or [Heard(opinion)])[-1]
        first = opinion.findings[0] if opinion.findings else None
        rule = rules.ALL[first.rule if first else cell.rule]
        return CellResult(
            id=cell.id,
            ip_version=self.target.version,
            state=cell.way.state.value,
            way=cell.way.name,
            segment=cell.kind,
            seq=cell.seq.name,
            ack=cell.ack.name,
            payload=cell.payload,
            verdict=opinion.word,
            reason=opinion.reason,
            why=opinion.why,
            rule=rule.id,
            level=first.level_text if first else rule.level,
            clause=rule.source,
            sent=first.sent if first else last.sent,
            due=first.due if first else last.due or due_text(cell),
            came=first.came if first and not shown else last.came,
            next_states=last.next_states,
            kernel_state=record.kernel,
            attempts=len(record.cases),
            findings=opinion.findings,
            notes=opinion.notes,
            proofs=opinion.proofs,
        )
