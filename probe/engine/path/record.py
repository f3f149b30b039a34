"""One attempt as the suspects look at it: what was played, its record, and the record followed in several ways."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol, Self

from probe.engine.belief.events import Seen, Transcript
from probe.engine.belief.hypothesis import Excuse
from probe.engine.belief.tracker import Terms
from probe.engine.belief.watch import Watch
from probe.engine.path import readings
from probe.engine.path.labelled import Labelled
from probe.engine.path.loss import Controls, controls
from probe.engine.path.reordering import as_sent
from probe.spec.segment import RST

NOTHING: frozenset[int] = frozenset()
UNACCEPTABLE = frozenset({"R4", "F4", "F9", "R10", "F8", "R8"})
"""The rows of segments that are not acceptable, and yet answered."""
COPIED = frozenset({Excuse.REPEAT})
"""The excuse of a segment of ours that came twice, or late."""
STATELESS = frozenset({Excuse.REPEAT, Excuse.COOKIES})
STRAY = frozenset({"C2", "C3", "L2"})
"""The rows of segments that belong to no connection."""


class Named(Protocol):
    """A scenario, as far as the path looks at it."""

    @property
    def id(self) -> str:
        """As in ``probe list``."""

    @property
    def opens(self) -> str:
        """``us`` or ``peer``."""

    @property
    def port(self) -> str:
        """The peer's port where we open: ``open`` or ``closed``."""

    @property
    def aborts(self) -> bool:
        """Whether the peer's application is asked to abort."""


class Attempted(Protocol):
    """One attempt: its record, and how to follow it (``judge.case.Case`` is one)."""

    @property
    def scenario(self) -> Named:
        """What was played."""

    @property
    def transcript(self) -> Transcript:
        """Its record."""

    @property
    def terms(self) -> Terms:
        """What is taken for granted of the peer."""

    @property
    def leaves(self) -> bool:
        """Whether its application was seen to end connections by itself."""

    def of(self, transcript: Transcript) -> Self:
        """The same attempt by another record of it."""

    def follow(
        self,
        profile: str,
        allow: frozenset[Excuse],
        lost: frozenset[int] = NOTHING,
        *,
        unheard: int = 0,
    ) -> Watch:
        """The record under these terms, without what was lost; ``unheard`` as ``Terms`` has it."""


class Record:
    """One attempt, followed in several ways, each once.

    ``ours`` are events of the tester; ``answered`` those of them that every history has answered, ``silent`` those
    whose answer was due in every history and did not come, each with the row of the reaction. ``replies`` gives the
    events of the answers, ``labelled`` is for the models.
    """

    def __init__(self, case: Attempted) -> None:
        self.case, self.name, self.events = case, case.scenario.id, case.transcript.judged
        self.labelled = Labelled(self.events)
        self.ours = frozenset(i for i, e in case.transcript.seen() if e.to_peer)
        self._broken: dict[tuple[frozenset[int], frozenset[Excuse]], int | None] = {}
        self.plain = case.follow(case.terms.profile, case.terms.allow)
        self.answered = dict(readings.answered(self.plain))
        self.replies = {asked: reply for reply, asked, _ in readings.replies(self.plain)}
        self.silent = {i: row for i, row in readings.due(self.plain) if self._explains(frozenset({i}))}

    @cached_property
    def controls(self) -> Controls:
        """What it tells of loss."""
        return controls(self.case.transcript, self.plain)

    @cached_property
    def disordered(self) -> bool:
        """Whether segments of the peer came twice, or not as they were sent."""
        return as_sent(self.events) is not None

    @property
    def strayed(self) -> tuple[int, ...]:
        """The place of ours at which it departs, where one of ours that came late or twice would explain that."""
        broken = self.plain.broken_at
        if broken is None or not isinstance(self.events[broken], Seen):
            return ()
        given = self.broken(NOTHING, COPIED)
        asked = max((i for i in self.ours if i < broken), default=None)
        if asked is None or (given is not None and given <= broken):
            return ()
        return (self.case.transcript.place(asked),)

    def without(self, kept: frozenset[int], excuses: frozenset[Excuse] = frozenset()) -> Watch:
        """The record if these events are void and these excuses allowed."""
        return self.case.follow(self.case.terms.profile, self.case.terms.allow | excuses, kept)

    def broken(self, kept: frozenset[int], excuses: frozenset[Excuse] = frozenset()) -> int | None:
        """Where it departs then."""
        key = kept, excuses
        if key not in self._broken:
            self._broken[key] = self.without(kept, excuses).broken_at
        return self._broken[key]

    def _explains(self, kept: frozenset[int]) -> bool:
        """Whether it gets further without these."""
        assert self.plain.broken_at is not None
        given = self.broken(kept)
        return given is None or given > self.plain.broken_at


def is_proxied(case: Attempted) -> bool:
    """Whether it begins where a SYN proxy would stand: at the port of the peer that is to be reached."""
    return case.scenario.opens == "us" and case.scenario.port == "open"


def anything_came(case: Attempted) -> bool:
    """Whether anything of the peer's did."""
    return any(not event.to_peer for _, event in case.transcript.seen())


def was_aborted(case: Attempted) -> bool:
    """Whether the peer reset a connection."""
    return any(not event.to_peer and event.segment.flags & RST for _, event in case.transcript.seen())
