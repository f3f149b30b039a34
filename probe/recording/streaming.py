"""Writes a recording while exchanges run: packets in the order of the wire, each once its exchange has a verdict."""

from __future__ import annotations

from collections import deque
from collections.abc import Container

from probe.engine.belief.events import Seen
from probe.engine.belief.tracker import Terms
from probe.engine.belief.watch import Point
from probe.engine.judge.attempt import Doubt, Opinion
from probe.engine.trial.attempt import Attempt
from probe.recording.comments import comments_of
from probe.recording.metadata import BulkMark
from probe.results.verdict import Verdict
from probe.wire.link import Arrival
from probe.wire.record import Recorder

_SHAPES = 1024

Comments = tuple[str, ...]


class Stream:
    """Keeps packets only while an exchange they may belong to is in progress. Without a recorder it does nothing."""

    def __init__(self, recorder: Recorder | None, terms: Terms) -> None:
        self._recorder = recorder
        self._before = recorder.count if recorder is not None else 0  # the loop counts from the run's first packet
        self._terms = terms
        self._comments: dict[int, Comments] = {}
        self._known: dict[Point, tuple[Comments, ...]] = {}

    def ended(self, attempt: Attempt, verdict: Opinion, number: int, mark: BulkMark | None = None) -> None:
        """An attempt, the ``number``-th at its exchange, is over: comment its packets."""
        if not _alike(attempt, verdict, number):
            comments = comments_of(attempt, verdict, number, self._terms, mark)
            self._comments |= {place - self._before: tuple(some) for place, some in comments.items()}
            return
        found = self._known.get(attempt.conductor.watch.point)
        if found is None:
            found = self._new(attempt, verdict, mark)
        for event, some in zip(attempt.conductor.transcript.events, found, strict=True):
            assert isinstance(event, Seen), "a record with waits is like no other"
            self._comments[event.number - self._before] = some

    def _new(self, attempt: Attempt, verdict: Opinion, mark: BulkMark | None) -> tuple[Comments, ...]:
        """Of attempts that look alike, so nothing that is this one's alone: not which of the exchanges it was."""
        common = None if mark is None else BulkMark(mark.target)
        comments = comments_of(attempt, verdict, 1, self._terms, common).values()  # in the order of the packets
        if len(self._known) >= _SHAPES:
            self._known.clear()
        found = self._known[attempt.conductor.watch.point] = tuple(tuple(some) for some in comments)
        return found

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
    """Whether the comments follow from the shape alone: a plain first pass, no waits whose times are noted."""
    return (
        number == 1
        and verdict.word is Verdict.PASS
        and verdict.doubt is Doubt.NONE
        and not verdict.reason
        and not attempt.kernel
        and not attempt.conductor.transcript.missing
        and len(attempt.segments) == len(attempt.conductor.transcript.events)
    )
