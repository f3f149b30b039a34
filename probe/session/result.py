"""Attempts to what is reported: steps with states and packet numbers, the verdict, the comments of the recording."""

from __future__ import annotations

from collections.abc import Sequence

from probe.engine.events import Quiet, Seen
from probe.engine.judge import Opinion, show
from probe.engine.tracker import Terms
from probe.engine.verdict import ExchangeResult, Step, Word
from probe.engine.watch import Watch
from probe.scenarios.steps import Scenario
from probe.session import marks
from probe.session.attempt import Attempt
from probe.session.marks import AttemptMark, BulkMark
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
        form=verdict.form,
        rules=verdict.rules,
        steps=steps_of(shown) if shown else (),
        findings=verdict.findings,
        target=str(target),
        ip_version=target.version,
        flow=str(shown.flow) if shown else "",
        attempts=len(heard),
        passed=sum(opinion.word is Word.PASS for opinion in heard),
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
            note=_note(watch, index),
            number=event.number,
        )
        for index, event in enumerate(attempt.conductor.transcript.events)
        if isinstance(event, Seen)
    )


def _note(watch: Watch, index: int) -> str:
    if watch.broken_at == index:
        return "no permitted history explains this"
    answers = watch.answers[index]
    rows = sorted({a.row for a in answers if a.row})
    if rows:
        return "due by " + ", ".join(rows)
    calls = sorted({a.call for a in answers if a.call})
    return " or ".join(calls)


def comments_of(
    attempt: Attempt, verdict: Opinion, number: int, terms: Terms, bulk: BulkMark | None = None
) -> dict[int, list[str]]:
    """Packet number -> comments: what a person reads in Wireshark, and on the last packet what a replay needs."""
    out = sentences_of(attempt)
    if attempt.packets:
        for event in attempt.conductor.transcript.foreign:
            out[event.number] = [marks.foreign_comment(attempt.scenario.id)]
        last = max(out)
        reason = f": {verdict.reason}" if verdict.reason else ""
        out[last].append(f"probe {attempt.scenario.id}: {verdict.word}{reason}")
        out[last] += [
            f"probe finding {f.rule} ({f.level}, {f.clause}): due {f.due}; came {f.came}" for f in verdict.findings
        ]
        out[last].append(_mark(attempt, verdict, number, terms, bulk).text())
    return out


def sentences_of(attempt: Attempt) -> dict[int, list[str]]:
    """Packet number -> what the segment was and which states it leaves the peer in."""
    out: dict[int, list[str]] = {}
    watch = attempt.conductor.watch
    for place, (index, _) in enumerate(attempt.packets, 1):
        event = attempt.conductor.transcript.events[index]
        assert isinstance(event, Seen)
        out[event.number] = [_sentence(attempt, watch, place, index, event)]
    return out


def _sentence(attempt: Attempt, watch: Watch, place: int, index: int, event: Seen) -> str:
    who = "tester" if event.to_peer else "peer"
    states = "/".join(watch.states[index]) or "unknown"
    kernel = attempt.kernel.get(index)
    believed = f"peer {states}" + (f" (its kernel says {kernel})" if kernel else "")
    note = _note(watch, index)
    return f"probe {attempt.scenario.id} step {place}: {who} {show(watch, event)}; {believed}" + (
        f"; {note}" if note else ""
    )


def _mark(attempt: Attempt, verdict: Opinion, number: int, terms: Terms, bulk: BulkMark | None) -> AttemptMark:
    """What makes the judgement repeatable: the waits, what was missing, and how the exchange was set up."""
    transcript, setting = attempt.conductor.transcript, attempt.conductor.setting
    segments = [arrival.segment for _, arrival in attempt.packets]
    return AttemptMark(
        exchange=attempt.scenario.id,
        number=number,
        word=verdict.word,
        profile=terms.profile,
        sent="".join(">" if arrival.sent else "<" for _, arrival in attempt.packets),
        allow=tuple(sorted(terms.allow)),
        start=tuple(sorted(h.tcb.state.value for h in setting.start)),
        obedient=setting.trigger.obedient,
        path_delay=attempt.path_delay,
        quiet=tuple((i, e.time) for i, e in enumerate(transcript.events) if isinstance(e, Quiet)),
        sealed=transcript.sealed,
        missing=tuple(transcript.missing),
        interrupted=transcript.interrupted,
        foreign=len(transcript.foreign),
        bad_sums=tuple(place for place, segment in enumerate(segments) if "checksum" in segment.faults),
        merged=tuple(place for place, segment in enumerate(segments) if segment.merged),
        kernel=dict(attempt.kernel),
        rules=tuple(f.rule for f in verdict.findings),
        named=dict(transcript.named),
        bulk=bulk,
    )
