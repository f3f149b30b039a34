"""Attempts to what is reported: steps with states and packet numbers, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence

from probe.engine.belief.events import Seen
from probe.engine.belief.watch import Watch
from probe.engine.judge.attempt import Opinion, show
from probe.engine.trial.attempt import Attempt
from probe.results.verdict import ExchangeResult, Origin, Step, Verdict
from probe.scenarios.steps import Scenario
from probe.spec.segment import Endpoint


def result_of(
    scenario: Scenario, target: Endpoint, verdict: Opinion, heard: Sequence[Opinion], shown: Attempt | None
) -> ExchangeResult:
    """The reported form of one exchange.

    ``heard`` are the opinions of its attempts, ``shown`` is the attempt whose steps are the evidence.
    """
    watch = shown.conductor.watch if shown else None
    return ExchangeResult(
        id=scenario.id,
        title=scenario.title,
        verdict=verdict.word,
        reason=verdict.reason,
        why=verdict.why,
        form=verdict.form,
        rules=verdict.rules,
        steps=steps_of(shown) if shown else (),
        findings=verdict.findings,
        target=str(target),
        ip_version=target.version,
        flow=str(shown.flow) if shown else "",
        attempts=len(heard),
        passed=sum(opinion.word is Verdict.PASS for opinion in heard),
        deviated=sum(bool(opinion.findings) for opinion in heard),
        clause=scenario.clause,
        judged=_judged(shown) if shown else None,
        isns=(int(watch.numbers.tester or 0), int(watch.numbers.peer or 0)) if watch else (0, 0),
    )


def _judged(attempt: Attempt) -> int:
    """How many of the attempt's segments count for the verdict."""
    return len(attempt.conductor.transcript.seen())


def steps_of(attempt: Attempt) -> tuple[Step, ...]:
    """Every segment of the attempt, with the states the peer can be in after it."""
    watch = attempt.conductor.watch
    return tuple(
        Step(
            time=event.time,
            direction=">" if event.to_peer else "<",
            segment=event.segment,
            text=show(watch, event),
            peer_states=watch.states[index],
            kernel_state=attempt.kernel.get(index),
            origin=origin(watch, index),
            number=event.number,
        )
        for index, event in enumerate(attempt.conductor.transcript.events)
        if isinstance(event, Seen)
    )


def origin(watch: Watch, index: int) -> Origin:
    """What the histories that survive take the segment of event ``index`` for."""
    answers = watch.answers[index]
    rows, calls = {a.row for a in answers if a.row}, {a.call for a in answers if a.call}
    return Origin(tuple(sorted(rows)), tuple(sorted(calls)), unexplained=watch.broken_at == index)
