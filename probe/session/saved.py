"""Writes a run into a recording: every packet seen with its comments, in the order of the wire, then the mark."""

from __future__ import annotations

from collections.abc import Iterator

from probe.engine.judge import Opinion
from probe.engine.verdict import Run
from probe.session.attempt import Attempt
from probe.session.loop import Loop
from probe.session.marks import RunMark, Unseen
from probe.session.options import Recording
from probe.session.result import comments_of
from probe.session.verdicts import Hearing


def save(recorder: Recording, loop: Loop, hearing: Hearing, run: Run, dropped: int, caveat: str) -> None:
    """Add what ``loop`` saw. ``dropped`` packets never reached us; ``caveat`` is what the guard does not keep out."""
    comments: dict[int, list[str]] = {}
    for attempt, opinion, number in _judged(hearing):
        comments |= comments_of(attempt, opinion, number, attempt.conductor.setting.terms)
    if loop.arrivals:
        last = loop.arrivals[-1].number + loop.recorded
        comments.setdefault(last, []).append(_mark(hearing, run, dropped, caveat).text())
    for arrival in loop.arrivals:
        recorder.add(arrival.packet, arrival.time, comments.get(arrival.number + loop.recorded, ()), sent=arrival.sent)
    recorder.flush()


def _judged(hearing: Hearing) -> Iterator[tuple[Attempt, Opinion, int]]:
    """Every attempt with its opinion and its number at its exchange."""
    for scenario_id, attempts in hearing.attempts.items():
        pairs = zip(attempts, hearing.opinions[scenario_id], strict=False)
        yield from ((attempt, opinion, number) for number, (attempt, opinion) in enumerate(pairs, 1))


def _mark(hearing: Hearing, run: Run, dropped: int, caveat: str) -> RunMark:
    """What a replay must know of the run as a whole."""
    return RunMark(
        hearing.target,
        tuple(s.id for s in hearing.scenarios),
        {r.id: (str(r.verdict), tuple(f.rule for f in r.findings)) for r in run.exchanges},
        skipped={i: heard[0].reason for i, heard in hearing.opinions.items() if heard and not hearing.attempts[i]},
        unseen=tuple(
            Unseen(attempt.scenario.id, number, attempt.conductor.transcript.interrupted, attempt.flow)
            for attempt, _, number in _judged(hearing)
            if not attempt.packets
        ),
        dropped=dropped,
        interrupted=run.interrupted,
        seconds=run.seconds,
        caveat=caveat or "",
        remarks=tuple(w for w in run.warnings if w != caveat and w not in hearing.warnings()),
        trouble=run.trouble,
        late=run.late,
    )
