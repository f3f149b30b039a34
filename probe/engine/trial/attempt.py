"""One attempt at one exchange: conductor, flow, what was gathered beside the transcript, and how it is reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from probe.engine.belief.events import Seen
from probe.engine.belief.watch import Watch
from probe.engine.judge.attempt import Opinion
from probe.engine.judge.case import Case
from probe.engine.judge.findings import show
from probe.engine.play.conductor import Conductor
from probe.results.verdict import ExchangeResult, Origin, Step, Verdict
from probe.scenarios.steps import Scenario
from probe.spec.segment import FIN, Endpoint, Flow


@dataclass(slots=True, eq=False)
class Attempt:
    """``kernel`` maps event indices to the state the peer's kernel reports.

    ``path_delay`` seconds are granted to the peer where it is judged for being late. So many packets had been lost in
    our own receive buffer ``dropped_before`` it began.
    """

    scenario: Scenario
    conductor: Conductor
    flow: Flow
    wake: float | None = None
    kernel: dict[int, str] = field(default_factory=dict)
    done: bool = False
    path_delay: float = 0.0
    dropped_before: int = 0

    @property
    def segments(self) -> list[tuple[int, Seen]]:
        """Every segment of it, clearing up included, with its event index."""
        return [(i, e) for i, e in enumerate(self.conductor.transcript.events) if isinstance(e, Seen)]

    @property
    def fin_came(self) -> bool:
        """Whether the peer's FIN was seen."""
        return any(not e.to_peer and e.segment.flags & FIN for _, e in self.segments)

    @property
    def last_event(self) -> int:
        """The index of the newest event of the transcript."""
        return len(self.conductor.transcript.events) - 1


def case_of(attempt: Attempt) -> Case:
    """What the judge is given of it."""
    setting = attempt.conductor.setting
    return Case(
        attempt.scenario,
        attempt.conductor.transcript,
        setting.start,
        setting.terms,
        setting.trigger.obedient,
        attempt.path_delay,
        version=attempt.flow.version,
        memory=setting.memory,
        leaves=setting.trigger.leaves,
    )


def result_of(
    scenario: Scenario, target: Endpoint, verdict: Opinion, heard: Sequence[Opinion], evidence: Attempt | None
) -> ExchangeResult:
    """The reported form of one exchange.

    ``heard`` are the opinions of its attempts, ``evidence`` is the attempt whose steps are reported.
    """
    numbers = evidence.conductor.watch.numbers if evidence else None
    return ExchangeResult(
        id=scenario.id,
        title=scenario.title,
        verdict=verdict.word,
        reason=verdict.reason,
        why=verdict.why,
        form=verdict.form,
        rules=verdict.rules,
        steps=steps_of(evidence) if evidence else (),
        findings=verdict.findings,
        notes=verdict.notes,
        target=str(target),
        ip_version=target.version,
        flow=str(evidence.flow) if evidence else "",
        attempts=len(heard),
        passed=sum(opinion.word is Verdict.PASS for opinion in heard),
        deviated=sum(bool(opinion.findings) for opinion in heard),
        clause=scenario.clause,
        judged=len(evidence.conductor.transcript.seen()) if evidence else None,
        proofs=verdict.proofs,
        isns=(int(numbers.tester or 0), int(numbers.peer or 0)) if numbers else (0, 0),
    )


def steps_of(attempt: Attempt) -> tuple[Step, ...]:
    """Every segment of the attempt, with the states the peer can be in after it."""
    watch = attempt.conductor.watch
    return tuple(
        Step(
            time=event.time,
            direction=">" if event.to_peer else "<",
            segment=event.segment,
            text=show(watch, event),
            peer_states=watch.after(index).states,
            kernel_state=attempt.kernel.get(index),
            origin=origin(watch, index),
            number=event.number,
        )
        for index, event in attempt.segments
    )


def origin(watch: Watch, index: int) -> Origin:
    """What the histories that survive take the segment of event ``index`` for."""
    answers = watch.after(index).answers
    rows, calls = {a.row for a in answers if a.row}, {a.call for a in answers if a.call}
    return Origin(tuple(sorted(rows)), tuple(sorted(calls)), unexplained=watch.broken_at == index)
