"""What the judge is given: one attempt at an exchange, its record, and what may be taken for granted of the peer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import takewhile

from probe.engine.belief.events import Event, Seen, Transcript
from probe.engine.belief.hypothesis import Excuse
from probe.engine.belief.tracker import Belief, Memory, Terms
from probe.engine.belief.watch import Watch, follow
from probe.engine.path.readings import answer_times
from probe.engine.path.reordering import OVERTAKING, as_sent
from probe.scenarios.steps import Scenario


@dataclass(frozen=True, slots=True)
class Case:
    """What is judged: the scenario, its record, the belief it started from, and what may be taken for granted.

    ``obedient`` and ``leaves`` tell of its application (``probe.scenarios.triggers``); ``answers``, that it is known to
    answer, so that its silence means something; ``version`` is that of IP.
    """

    scenario: Scenario
    transcript: Transcript
    start: Belief
    terms: Terms
    obedient: bool = False
    path_delay: float = 0.0
    answers: bool = False
    version: int = 4
    memory: Memory = field(default_factory=Memory)
    leaves: bool = False

    def of(self, transcript: Transcript) -> Case:
        """The same attempt by another record of it."""
        return replace(self, transcript=transcript)

    def follow(
        self,
        profile: str,
        allow: frozenset[Excuse],
        lost: frozenset[int] = frozenset(),
        *,
        through: bool = False,
        unheard: int = 0,
    ) -> Watch:
        """The record from its start, under these terms; ``lost`` are the events that never reached the peer.

        So are those of which an ICMP error says so. ``through`` departures in replies, as ``Watch`` has it;
        ``unheard`` as ``Terms`` has it.
        """
        lost |= self.transcript.undelivered
        terms = Terms(profile, allow, unheard=unheard)
        return follow(self.transcript.judged, self.start, terms, self.memory, lost, through=through, sends=True)

    def explained_by_order(self, broken_at: int) -> bool:
        """Whether it explains the departure that segments of the peer came twice, or not as they were sent."""
        terms = Terms(self.terms.profile, self.terms.allow | {Excuse.REPEAT})
        never = self.transcript.undelivered
        sent = None if never else as_sent(self._arrived_with(broken_at))
        return sent is not None and self._explains(sent, terms, never)

    def explained_by_arrival(self, broken_at: int) -> int:
        """How many segments of ours explain the departure if just that one came once more, or later than the next ones.

        No later than segments are overtaken, and answered no later than this peer took for others: what came long
        after a segment says nothing of a copy of it. Where the order of the peer's does, any of its segments may.
        """
        *before, departure = self.transcript.judged[: broken_at + 1]
        terms = Terms(self.terms.profile, self.terms.allow | {Excuse.REPEAT})
        never, found = self.transcript.undelivered, 0
        if self.explained_by_order(broken_at):
            found = sum(isinstance(event, Seen) and not event.to_peer for event in (*before, departure))
        took = max(answer_times([event for event in before if isinstance(event, Seen)]), default=0.0)
        for index, event in enumerate(before):
            if not isinstance(event, Seen) or not event.to_peer:
                continue
            if isinstance(departure, Seen) and departure.time - event.time > took + OVERTAKING:
                continue
            # At once, or so late that only what departs came after it.
            soon = [*before[: index + 1], event, *before[index + 1 :], departure]
            shifted = frozenset(i + (i > index) for i in never)
            late = [*before, event, departure]
            ways = (late, never), (late, never | {index}), (soon, shifted)
            found += any(self._explains(events, terms, lost) for events, lost in ways)
        return found

    def _arrived_with(self, broken_at: int) -> list[Event]:
        """The record up to what may have been sent before the departure and was overtaken by it."""
        events = self.transcript.judged
        last = events[broken_at].time + OVERTAKING
        return [*events[: broken_at + 1], *takewhile(lambda event: event.time <= last, events[broken_at + 1 :])]

    def _explains(self, events: list[Event], terms: Terms, lost: frozenset[int]) -> bool:
        return follow(events, self.start, terms, self.memory, lost, sends=True).broken_at is None
