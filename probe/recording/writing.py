"""The writer: every packet in the order of the wire, with comments for people, and the metadata that judges it again.

A check is written once it is over (``save``), a bulk run while it goes on (``RecordingStream``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Sequence
from dataclasses import replace
from typing import Protocol

from probe.engine.belief.events import Quiet, Seen
from probe.engine.belief.tracker import Point, Terms
from probe.engine.judge.attempt import Opinion
from probe.engine.judge.excuses import Doubt
from probe.engine.judge.findings import show
from probe.engine.trial.attempt import Attempt, origin
from probe.engine.trial.hearing import Hearing
from probe.recording.metadata import FOREIGN, AttemptMetadata, BulkMetadata, CellMetadata, RunMetadata, Unsent
from probe.results.verdict import Run, Verdict
from probe.spec.segment import ACK, RST
from probe.wire.link import Arrival

_SHAPES = 1024

Comments = tuple[str, ...]


class Recording(Protocol):
    """What packets are recorded with: ``probe.wire.record.Recorder``, or what keeps them for one."""

    @property
    def count(self) -> int:
        """So many packets are in it already."""

    def add(self, packet: bytes, time: float, comments: Sequence[str] = (), *, sent: bool | None = None) -> int:
        """Append one packet; its number."""

    def flush(self) -> None:
        """Keep what was added."""


def save(recorder: Recording, arrivals: Sequence[Arrival], hearing: Hearing, run: Run, caveat: str) -> None:
    """Add what the line saw; ``caveat`` is what the guard does not keep out."""
    comments: dict[int, list[str]] = {}
    unsent = []
    for scenario_id, attempts in hearing.attempts.items():
        for number, (attempt, opinion) in enumerate(zip(attempts, hearing.opinions[scenario_id], strict=False), 1):
            comments |= comments_of(attempt, opinion, number, attempt.conductor.setting.terms)
            if not attempt.segments:
                interrupted = attempt.conductor.transcript.interrupted
                unsent.append(Unsent(scenario_id, number, interrupted, attempt.flow))
    metadata = RunMetadata(
        hearing.target,
        tuple(s.id for s in hearing.scenarios),
        {r.id: (str(r.verdict), tuple(f.rule for f in r.findings)) for r in run.exchanges},
        skipped={
            i: (heard[0].why, heard[0].reason)
            for i, heard in hearing.opinions.items()
            if heard and not hearing.attempts[i]
        },
        unsent=tuple(unsent),
        interrupted=run.interrupted,
        seconds=run.seconds,
        caveat=caveat or "",
        remarks=tuple(w for w in run.warnings if w != caveat and w not in hearing.warnings()),
        trouble=run.trouble,
        late=run.late,
        trigger=run.trigger,
        path=run.path,
        deaths=tuple(hearing.deaths),
        learned=run.learned,
    )
    save_packets(recorder, arrivals, comments, metadata)


def save_packets(
    recorder: Recording, arrivals: Sequence[Arrival], comments: dict[int, list[str]], metadata: RunMetadata
) -> None:
    """Add the packets of one run with their comments, the run's own on the last segment: only those are read."""
    before = recorder.count
    if last := next((arrival for arrival in reversed(arrivals) if arrival.icmp is None), None):
        comments.setdefault(last.number + before, []).append(metadata.text())
    for arrival in arrivals:
        recorder.add(arrival.packet, arrival.time, comments.get(arrival.number + before, ()), sent=arrival.sent)
    recorder.flush()


def comments_of(
    attempt: Attempt,
    verdict: Opinion,
    number: int,
    terms: Terms,
    bulk: BulkMetadata | None = None,
    cell: CellMetadata | None = None,
) -> dict[int, list[str]]:
    """Packet number -> comments: what a person reads in Wireshark, and on the last packet what a replay needs."""
    out = _steps(attempt)
    if attempt.segments:
        transcript = attempt.conductor.transcript
        for event in transcript.foreign:
            out[event.number] = [f"probe {attempt.scenario.id}: {FOREIGN}"]
        for error in transcript.errors:
            out[error.number] = [f"probe {attempt.scenario.id}: {error.icmp}"]
        last = out[max(e.number for e in [*transcript.foreign, *(e for _, e in attempt.segments)])]
        last.append(_verdict(attempt, verdict))
        last += [
            f"probe finding {f.rule} ({f.level_text}, {f.clause}): due {f.due}; came {f.came}" for f in verdict.findings
        ]
        last.append(replace(_metadata(attempt, verdict, number, terms), bulk=bulk, cell=cell).text())
    return out


def _steps(attempt: Attempt) -> dict[int, list[str]]:
    """Packet number -> what the segment was and which states it leaves the peer in."""
    out: dict[int, list[str]] = {}
    watch = attempt.conductor.watch
    for place, (index, event) in enumerate(attempt.segments, 1):
        who = "tester" if event.to_peer else "peer"
        states = "/".join(watch.after(index).states) or "unknown"
        kernel = f" (its kernel says {attempt.kernel[index]})" if attempt.kernel.get(index) else ""
        said = f"probe {attempt.scenario.id} step {place}: {who} {show(watch, event)}; peer {states}{kernel}"
        taken_for = origin(watch, index).text
        out[event.number] = [f"{said}; {taken_for}" if taken_for else said]
    return out


def _verdict(attempt: Attempt, opinion: Opinion) -> str:
    return f"probe {attempt.scenario.id}: {opinion.word}" + (f": {opinion.reason}" if opinion.reason else "")


def _metadata(attempt: Attempt, verdict: Opinion, number: int, terms: Terms) -> AttemptMetadata:
    """What makes the judgement repeatable: the waits, what was missing, and how the exchange was set up."""
    transcript, setting = attempt.conductor.transcript, attempt.conductor.setting
    segments = [event.segment for _, event in attempt.segments]
    return AttemptMetadata(
        exchange=attempt.scenario.id,
        number=number,
        word=verdict.word,
        profile=terms.profile,
        sent="".join(">" if event.to_peer else "<" for _, event in attempt.segments),
        allow=tuple(sorted(terms.allow)),
        start=tuple(sorted(h.tcb.state.value for h in setting.start)),
        obedient=setting.trigger.obedient,
        leaves=setting.trigger.leaves,
        path_delay=attempt.path_delay,
        quiet=tuple((i, e.time) for i, e in enumerate(transcript.events) if isinstance(e, Quiet)),
        sealed=transcript.sealed,
        missing=tuple(transcript.missing),
        interrupted=transcript.interrupted,
        dropped=transcript.dropped,
        foreign=len(transcript.foreign),
        bad_sums=tuple(place for place, segment in enumerate(segments) if "checksum" in segment.faults),
        merged=tuple(place for place, segment in enumerate(segments) if segment.merged),
        errors=tuple(transcript.errors),
        kernel=dict(attempt.kernel),
        rules=tuple(f.rule for f in verdict.findings),
        named=dict(transcript.named),
        places=dict(transcript.places),
    )


class RecordingStream:
    """Writes while exchanges run: packets in the order of the wire, each once its exchange has a verdict.

    Keeps packets only while an exchange they may belong to is in progress. Without a recorder it does nothing.
    """

    def __init__(self, recorder: Recording | None, terms: Terms) -> None:
        self._recorder = recorder
        self._before = recorder.count if recorder is not None else 0  # the loop counts from the run's first packet
        self._terms = terms
        self._comments: dict[int, Comments] = {}
        self._known: dict[Point, tuple[Comments, ...]] = {}

    def ended(self, attempt: Attempt, verdict: Opinion, number: int, bulk: BulkMetadata | None = None) -> None:
        """An attempt, the ``number``-th at its exchange, is over: comment its packets.

        Making comments costs more than the exchange itself. Those of attempts that look alike are made once; they hold
        nothing that is one attempt's alone, not even which of the exchanges it was.
        """
        if not _alike(attempt, verdict, number):
            comments = comments_of(attempt, verdict, number, self._terms, bulk)
            self._comments |= {place - self._before: tuple(some) for place, some in comments.items()}
            return
        point = attempt.conductor.watch.point
        found = self._known.get(point)
        if found is None:
            common = None if bulk is None else BulkMetadata(bulk.target)
            comments = comments_of(attempt, verdict, 1, self._terms, common)
            if len(self._known) >= _SHAPES:
                self._known.clear()
            found = self._known[point] = tuple(map(tuple, comments.values()))  # in the order of the packets
        for event, some in zip(attempt.conductor.transcript.events, found, strict=True):
            assert isinstance(event, Seen), "a record with waits is like no other"
            self._comments[event.number - self._before] = some

    def write(self, arrivals: deque[Arrival], live: Container[int]) -> None:
        """Write what is complete from the front; ``live`` holds the local ports of exchanges in progress."""
        recorder, comments = self._recorder, self._comments
        while recorder is not None and arrivals:
            first = arrivals[0]
            mine = comments.pop(first.number, None)
            if mine is None:
                if first.flow.local.port in live:
                    return
                mine = ()
            arrivals.popleft()
            recorder.add(first.packet, first.time, mine, sent=first.sent)

    def finish(self, arrivals: deque[Arrival]) -> None:
        """Write the rest."""
        self.write(arrivals, ())
        if self._recorder is not None:
            self._recorder.flush()


def _alike(attempt: Attempt, verdict: Opinion, number: int) -> bool:
    """Whether the comments follow from the shape alone: a plain first pass, no waits whose times are noted.

    A RST,ACK at zero is shown as it is; a second one may be there by chance, at a number of the connection.
    """
    refusals = sum(not event.segment.seq and event.segment.has(RST | ACK) for _, event in attempt.segments)
    return (
        number == 1
        and verdict.word is Verdict.PASS
        and verdict.doubt is Doubt.NONE
        and not verdict.reason
        and refusals <= 1
        and not attempt.kernel
        and not attempt.conductor.transcript.missing
        and not attempt.conductor.transcript.errors
        and len(attempt.segments) == len(attempt.conductor.transcript.events)
    )
