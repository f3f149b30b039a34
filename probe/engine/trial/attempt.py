"""One attempt at one exchange: the conductor, its flow, and what was gathered beside the transcript."""

from __future__ import annotations

from dataclasses import dataclass, field

from probe.engine.belief.events import Seen
from probe.engine.judge.attempt import Case
from probe.engine.play.conductor import Conductor
from probe.scenarios.steps import Scenario
from probe.spec.segment import FIN, Flow


@dataclass(slots=True, eq=False)
class Attempt:
    """``kernel`` maps event indices to the state the peer's kernel reports.

    ``path_delay`` seconds are granted to the peer where it is judged for being late.
    """

    scenario: Scenario
    conductor: Conductor
    flow: Flow
    wake: float | None = None
    kernel: dict[int, str] = field(default_factory=dict)
    done: bool = False
    path_delay: float = 0.0

    @property
    def segments(self) -> list[tuple[int, Seen]]:
        """Every segment of it, clearing up included, with its event index."""
        return [(i, e) for i, e in enumerate(self.conductor.transcript.events) if isinstance(e, Seen)]

    @property
    def fin_came(self) -> bool:
        """Whether the peer's FIN was seen."""
        return any(not e.to_peer and e.segment.flags & FIN for _, e in self.segments)

    @property
    def last_event(self) -> int:
        """The index of the newest event of the transcript."""
        return len(self.conductor.transcript.events) - 1


def case_of(attempt: Attempt) -> Case:
    """What the judge is given of it."""
    setting, transcript = attempt.conductor.setting, attempt.conductor.transcript
    return Case(
        attempt.scenario,
        transcript,
        setting.start,
        setting.terms,
        setting.trigger.obedient,
        attempt.path_delay,
        version=attempt.flow.version,
        memory=setting.memory,
    )
