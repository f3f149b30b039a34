"""One attempt at one exchange on the wire: the conductor, its flow, and what was gathered beside the transcript."""

from __future__ import annotations

from dataclasses import dataclass, field

from probe.engine.conductor import Conductor
from probe.engine.judge import Case
from probe.scenarios.steps import Scenario
from probe.spec.segment import Flow
from probe.wire.link import Arrival


@dataclass(slots=True, eq=False)
class Attempt:
    """``kernel`` maps event indices to the state the peer's kernel reports; ``packets`` to the arrivals behind them.

    ``path_delay`` seconds are granted to the peer where it is judged for being late.
    """

    scenario: Scenario
    conductor: Conductor
    flow: Flow
    wake: float | None = None
    kernel: dict[int, str] = field(default_factory=dict)
    packets: list[tuple[int, Arrival]] = field(default_factory=list)
    done: bool = False
    path_delay: float = 0.0

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
    )
