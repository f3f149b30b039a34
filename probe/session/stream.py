"""Writes a recording while exchanges run: packets in the order of the wire, each once its exchange has a verdict."""

from __future__ import annotations

from collections import deque
from collections.abc import Container

from probe.engine.events import Seen
from probe.engine.judge import Doubt, Opinion
from probe.engine.tracker import Terms
from probe.engine.verdict import Word
from probe.engine.watch import Point
from probe.session.attempt import Attempt
from probe.session.marks import BulkMark
from probe.session.result import comments_of
from probe.wire.link import Arrival
from probe.wire.record import Recorder

_SHAPES = 1024

Comments = tuple[str, ...]


class Stream:
    """Keeps packets only while an exchange they may belong to is in progress. Without a recorder it does nothing."""

    def __init__(self, recorder: Recorder | None, terms: Terms) -> None:
        self._recorder = recorder
        self._terms = terms
        self._comments: dict[int, Comments] = {}
        self._known: dict[Point, tuple[Comments, ...]] = {}

    def ended(self, attempt: Attempt, verdict: Opinion, number: int, mark: BulkMark | None = None) -> None:
        """An attempt, the ``number``-th at its exchange, is over: comment its packets."""
        if not _alike(attempt, verdict, number):
            comments = comments_of(attempt, verdict, number, self._terms, mark)
            before = _packets_before(attempt)
            self._comments |= {place - before: tuple(some) for place, some in comments.items()}
            return
        found = self._known.get(attempt.conductor.watch.point)
        if found is None:
            found = self._new(attempt, verdict, mark)
        for (_, arrival), some in zip(attempt.packets, found, strict=True):
            self._comments[arrival.number] = some

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


def _packets_before(attempt: Attempt) -> int:
    """How many packets the recording held before this run."""
    for index, arrival in attempt.packets[:1]:
        event = attempt.conductor.transcript.events[index]
        return event.number - arrival.number if isinstance(event, Seen) else 0
    return 0


def _alike(attempt: Attempt, verdict: Opinion, number: int) -> bool:
    """Whether the comments follow from the shape alone: a plain first pass, no waits whose times are noted."""
    return (
        number == 1
        and verdict.word is Word.PASS
        and verdict.doubt is Doubt.NONE
        and not verdict.reason
        and not attempt.kernel
        and not attempt.conductor.transcript.missing
        and len(attempt.packets) == len(attempt.conductor.transcript.events)
    )
