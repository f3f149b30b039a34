"""One attempt at one exchange on the wire: the conductor, its flow, and what was gathered beside the transcript."""

from __future__ import annotations

from dataclasses import dataclass, field

from probe.engine.conductor import Conductor
from probe.scenarios.steps import Scenario
from probe.spec.segment import Flow
from probe.wire.link import Arrival


@dataclass(slots=True, eq=False)
class Attempt:
    """``kernel`` maps event indices to the state the peer's kernel reports; ``packets`` to the arrivals behind them."""

    scenario: Scenario
    conductor: Conductor
    flow: Flow
    wake: float | None = None
    kernel: dict[int, str] = field(default_factory=dict)
    packets: list[tuple[int, Arrival]] = field(default_factory=list)
    done: bool = False

    @property
    def last_event(self) -> int:
        """The index of the newest event of the transcript."""
        return len(self.conductor.transcript.events) - 1
