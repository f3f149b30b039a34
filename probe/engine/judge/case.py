"""What the judge is given: one attempt at an exchange, its record, and what may be taken for granted of the peer."""

from __future__ import annotations

from dataclasses import dataclass, field

from probe.engine.belief.events import Transcript
from probe.engine.belief.hypothesis import Excuse
from probe.engine.belief.tracker import Belief, Memory, Terms
from probe.engine.belief.watch import Watch, follow
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

    def follow(
        self, profile: str, allow: frozenset[Excuse], lost: frozenset[int] = frozenset(), *, through: bool = False
    ) -> Watch:
        """The record from its start, under these terms; ``lost`` are the events that never reached the peer.

        So are those of which an ICMP error, or their own repetition, says so. ``through`` departures in replies, as
        ``Watch`` has it.
        """
        lost |= self.transcript.undelivered | self.transcript.lost
        return follow(self.transcript.judged, self.start, Terms(profile, allow), self.memory, lost, through=through)
