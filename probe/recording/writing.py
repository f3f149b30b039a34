"""Writes a run into a recording: every packet seen with its comments, in the order of the wire, then the mark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from probe.engine.judge.attempt import Opinion
from probe.engine.trial.attempt import Attempt
from probe.engine.trial.hearing import Hearing
from probe.recording.comments import comments_of
from probe.recording.metadata import RunMark, Unseen
from probe.results.verdict import Run
from probe.wire.link import Arrival


class Recording(Protocol):
    """What packets are recorded with: ``probe.wire.record.Recorder``, or what keeps them for one."""

    @property
    def count(self) -> int:
        """So many packets are in it already."""

    def add(self, packet: bytes, time: float, comments: Sequence[str] = (), *, sent: bool | None = None) -> int:
        """Append one packet; its number."""

    def flush(self) -> None:
        """Keep what was added."""


def save(
    recorder: Recording, arrivals: Sequence[Arrival], hearing: Hearing, run: Run, dropped: int, caveat: str
) -> None:
    """Add what the line saw. ``dropped`` packets never reached us; ``caveat`` is what the guard does not keep out."""
    comments: dict[int, list[str]] = {}
    for attempt, opinion, number in _judged(hearing):
        comments |= comments_of(attempt, opinion, number, attempt.conductor.setting.terms)
    before = recorder.count
    if arrivals:
        last = arrivals[-1].number + before
        comments.setdefault(last, []).append(_mark(hearing, run, dropped, caveat).text())
    for arrival in arrivals:
        recorder.add(arrival.packet, arrival.time, comments.get(arrival.number + before, ()), sent=arrival.sent)
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
        skipped={
            i: (heard[0].why, heard[0].reason)
            for i, heard in hearing.opinions.items()
            if heard and not hearing.attempts[i]
        },
        unseen=tuple(
            Unseen(attempt.scenario.id, number, attempt.conductor.transcript.interrupted, attempt.flow)
            for attempt, _, number in _judged(hearing)
            if not attempt.segments
        ),
        dropped=dropped,
        interrupted=run.interrupted,
        seconds=run.seconds,
        caveat=caveat or "",
        remarks=tuple(w for w in run.warnings if w != caveat and w not in hearing.warnings()),
        trouble=run.trouble,
        late=run.late,
    )
