"""From the attempts of one matrix to its reported cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from probe.engine.judge.attempt import Opinion, judge
from probe.engine.judge.excuses import Doubt
from probe.engine.judge.jury import heard_enough, is_noise, settle
from probe.engine.play.matrix.approaches import Approach
from probe.engine.play.matrix.attempt import CellConductor, Heard, due_text, hear
from probe.engine.play.matrix.cells import Cell
from probe.engine.trial.attempt import Attempt, case_of
from probe.engine.trial.hearing import after_losses, in_time, not_judged
from probe.results.matrix import ApproachResult, CellResult
from probe.results.verdict import Verdict, Why
from probe.spec import rules
from probe.spec.segment import ACK, SYN, Endpoint

TOLERATED = 500
"""One cell of so many may have been answered differently at different times before the path counts as one that loses.
A path that loses 1 of 5,000 segments disturbs that many. A false accusation needs three losses at one cell, so it would
come once in thousands of matrices; and a finding does not hang on a hiccup somewhere else."""
MOST = 6
"""Attempts at one cell, those included that never brought the peer into the state."""
_DOUBTS = (Doubt.NONE, Doubt.NO_EVIDENCE, Doubt.REPEAT, Doubt.COOKIES, Doubt.ABORT, Doubt.LOSS, Doubt.UNEXPLAINED)
"""From the doubt that excuses most to the one that excuses nothing: loss may do whatever those before it do."""

Kinds = Callable[[str], tuple[str, ...]]
"""The kinds of segment asked for in a state, both by the RFC's names."""


@dataclass(slots=True)
class Record:
    """What the attempts at one cell (or at one way alone) showed."""

    way: Approach
    cell: Cell | None = None
    heard: list[Heard] = field(default_factory=list)
    kernel: str | None = None
    disagreements: list[str] = field(default_factory=list)

    def add(self, heard: Heard, attempt: Attempt) -> None:
        """One more attempt."""
        self.heard.append(heard)
        judged = len(attempt.conductor.transcript.judged)
        watch = attempt.conductor.watch
        last = max((index for index, _ in attempt.segments if index < judged), default=-1)
        self.kernel = attempt.kernel.get(last)  # an older note says nothing of what came after it
        for index, state in attempt.kernel.items():
            if index >= judged:
                continue
            inferred = watch.after(index).states
            # The kernel of a listener knows of no socket either.
            if inferred and state not in inferred and not (state == "CLOSED" and "LISTEN" in inferred):
                self.disagreements.append(f"event {index}: inferred {' or '.join(inferred)}, its kernel says {state}")

    def opinions(self) -> list[Opinion]:
        """Of each attempt that got as far as the segment, or of all where none did.

        Of several doubts about one and the same departure the one stands that every attempt allows.
        """
        every = [h.opinion for h in self.heard]
        found = [o for o in every if o.doubt is not Doubt.NO_EVIDENCE] or every
        departures = {tuple((f.rule, f.sent) for f in o.findings) for o in found}
        if len(departures) != 1 or () in departures:
            return found
        common = max((o.doubt for o in found), key=_DOUBTS.index)
        return [replace(o, doubt=common) for o in found]

    @property
    def complete(self) -> bool:
        """Whether another attempt would add nothing, or there were enough that did not get as far as the segment."""
        return heard_enough(self.opinions()) or len(self.heard) >= MOST

    def opinion(self, *, clean: bool = True, keeps_state: bool = True) -> Opinion:
        """The verdict of all attempts."""
        return settle(self.opinions(), clean=clean, keeps_state=keeps_state)


@dataclass(frozen=True, slots=True)
class Facts:
    """How the run went: packets lost in our own buffer, an interruption, its deadline, a peer that fell silent."""

    dropped: int = 0
    interrupted: bool = False
    late: bool = False
    silent: bool = False

    def absent(self, undone: str) -> Opinion:
        """Why something was not ``undone`` (played, or tried)."""
        states = {Why.DEADLINE: self.late, Why.SILENT: self.silent, Why.INTERRUPTED: self.interrupted}
        return not_judged(next((why for why, so in states.items() if so), Why.NOT_PLAYED), undone)


@dataclass(slots=True)
class MatrixHearing:
    """What the attempts of one matrix showed, live or recorded: at each way alone, and at each of the cells.

    ``ways`` and ``records`` are in the order of the report; ``kinds`` are the columns asked for in a row.
    """

    target: Endpoint
    kinds: Kinds
    ways: tuple[Approach, ...]
    reached: dict[str, Record] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    keeps_state: bool = False
    """The listener has sent a SYN,ACK again: it does not work by SYN cookies alone."""

    def heard(self, record: Record, attempt: Attempt) -> Heard:
        """One more attempt, judged; CellConductors play the cells."""
        conductor, case = attempt.conductor, case_of(attempt)
        answers = sum(not e.to_peer and e.segment.has(SYN | ACK) for _, e in attempt.segments)
        self.keeps_state = self.keeps_state or answers > 1
        if record.cell is not None and isinstance(conductor, CellConductor):
            heard = hear(record.cell, replace(case, answers=True), conductor)
        else:
            heard = Heard(judge(case))
        record.add(heard, attempt)
        return heard

    def results(self, facts: Facts) -> tuple[tuple[CellResult, ...], tuple[ApproachResult, ...]]:
        """The cells in the order of the report, and what became of each way."""
        noisy = sum(is_noise(r.opinions()) for r in self.records)
        clean = not facts.dropped and noisy <= len(self.records) // TOLERATED
        by_way = [self._way(facts, way) for way in self.ways]
        found: list[CellResult] = []
        for way, result in zip(self.ways, by_way, strict=True):
            own = [r for r in self.records if r.way is way]
            found += [self._cell(facts, r, clean) for r in own]
            played = {w.state for w in by_way if w.verdict is Verdict.PASS} | {c.state for c in found}
            if not own and result.state not in played:
                # No way leads into the state: one cell a column says why.
                word = Verdict.SKIP if result.verdict is Verdict.SKIP else Verdict.INCONCLUSIVE
                at, reason, why = (result.ip_version, result.state, result.way), result.reason, result.why
                kinds = self.kinds(result.state)
                found += [CellResult(*at, kind, "", "", False, word, reason, why=why) for kind in kinds]
        return tuple(found), tuple(by_way)

    def _way(self, facts: Facts, way: Approach) -> ApproachResult:
        record = self.reached.get(way.id)
        opinion = facts.absent("tried") if record is None or not record.heard else record.opinion()
        reason = opinion.reason
        if opinion.findings and not reason:
            first = opinion.findings[0]
            reason = f"{first.rule}: sent {first.sent}, due {first.due}, came {first.came}"
        return ApproachResult(self.target.version, way.state.value, way.name, opinion.word, reason, opinion.why)

    def _cell(self, facts: Facts, record: Record, clean: bool) -> CellResult:
        cell = record.cell
        assert cell is not None
        if record.heard:
            opinion = after_losses(record.opinion(clean=clean, keeps_state=self.keeps_state), facts.dropped)
            opinion = in_time(opinion, [h.opinion for h in record.heard]) if facts.late else opinion
            # What is told of a cell is an attempt with its findings; of one that passed after a doubt, the one that
            # passed.
            shown = [h for h in record.heard if h.opinion.findings] if opinion.findings else []
            last = (shown or record.heard)[-1]
        else:
            opinion = facts.absent("played")
            last = Heard(opinion)
        first = opinion.findings[0] if opinion.findings else None
        rule = rules.ALL[first.rule if first else cell.rule]
        return CellResult(
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
            came=last.came,
            next_states=last.next_states,
            kernel_state=record.kernel,
            attempts=len(record.heard),
            findings=opinion.findings,
        )
