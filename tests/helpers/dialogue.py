"""Plays a scenario against a peer in invented time: the network of the tests."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

from probe.engine.belief.events import Ask, Command, Done, Seen, Send, WakeAt
from probe.engine.belief.tracker import CLOSED, UNKNOWN_PORT, Terms, allowed
from probe.engine.judge.attempt import Opinion, judge
from probe.engine.judge.case import Case
from probe.engine.play.conductor import Conductor, Setting
from probe.scenarios.steps import Scenario
from probe.scenarios.triggers import TARGET, Trigger
from probe.spec.segment import Segment
from probe.spec.seq import Seq
from tests.helpers.peer import Peer
from tests.helpers.record import MEMORY

HOP = 0.0005
Loses = Callable[[bool, int], bool]
"""Gets the direction (True: to the peer) and the number of the segment in it; whether the segment vanishes."""


class Dialogue:
    """Tester and peer on a line that keeps order; ``loses`` (direction, count) says which segments vanish."""

    def __init__(
        self,
        scenario: Scenario,
        peer: Peer,
        trigger: Trigger = TARGET,
        profile: str = "rfc9293",
        iss: int = 0xFFFFFFFD,
        loses: Loses = lambda to_peer, count: False,
    ) -> None:
        self.peer = peer
        self.trigger = trigger
        allow = allowed(scenario)
        self.terms = Terms(profile, allow)
        self.belief = CLOSED if scenario.opens == "peer" else UNKNOWN_PORT
        self.conductor = Conductor(scenario, Setting(Seq(iss), trigger, self.terms, self.belief, memory=MEMORY))
        self.loses = loses
        self.counts = {True: 0, False: 0}
        self.queue: list[tuple[float, int, str, Segment | None]] = []
        self.order = itertools.count()
        self.now = 100.0

    def run(self, limit: float = 400.0) -> Conductor:
        """Until the conductor is done."""
        self.begin()
        end = self.now + limit
        while not self.conductor.finished and self.now < end:
            self.step()
        assert self.conductor.finished, f"{self.conductor.scenario.id} does not end"
        return self.conductor

    def opinion(self) -> Opinion:
        """The judge's opinion of the record."""
        return judge(
            Case(
                self.conductor.scenario,
                self.conductor.transcript,
                self.belief,
                self.terms,
                self.trigger.obedient,
                memory=MEMORY,
            )
        )

    def begin(self) -> None:
        """The first segment leaves."""
        self._obey(self.conductor.start(self.now))

    def deliver(self) -> None:
        """What is on its way to the peer arrives."""
        for _, _, what, segment in sorted(self.queue, key=lambda item: item[:2]):
            if what == "out" and segment is not None:
                self.peer.arrives(segment, self.now)
        self.queue.clear()

    def step(self) -> None:
        """The next thing that happens: a segment arrives, or a timer runs out."""
        due = self.peer.wakes_at
        if due is not None and (not self.queue or due < self.queue[0][0]):
            self.now = max(self.now, due)
            self._from_peer(self.peer.woken(self.now))
            return
        assert self.queue, "nobody has anything to do"
        self.now, _, what, segment = heapq.heappop(self.queue)
        if what == "wake":
            self._obey(self.conductor.woken(self.now))
        elif what == "in" and segment is not None:
            self._obey(self.conductor.seen(self._came(segment)))
        elif segment is not None:
            self._from_peer(self.peer.arrives(segment, self.now))

    def _came(self, segment: Segment) -> Seen:
        """As the tester sees it."""
        return Seen(self.now, False, segment)

    def _push(self, delay: float, what: str, segment: Segment | None = None) -> None:
        heapq.heappush(self.queue, (self.now + delay, next(self.order), what, segment))

    def _from_peer(self, segments: list[Segment]) -> None:
        for segment in segments:
            if not self._lost(False):
                self._push(HOP, "in", segment)

    def _lost(self, to_peer: bool) -> bool:
        self.counts[to_peer] += 1
        return self.loses(to_peer, self.counts[to_peer])

    def _obey(self, commands: list[Command]) -> None:
        todo = list(commands)
        while todo:
            command = todo.pop(0)
            if isinstance(command, Send):
                if not self._lost(True):
                    self._push(HOP, "out", command.segment)
                todo += self.conductor.seen(Seen(self.now, True, command.segment))
            elif isinstance(command, Ask):
                self._from_peer(self.peer.opens(self.now, command.line))
            elif isinstance(command, WakeAt):
                self._push(max(0.0, command.time - self.now), "wake")
            else:
                assert isinstance(command, Done)
