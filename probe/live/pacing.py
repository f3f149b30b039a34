"""When the next connection with a host may begin: never more often than asked for, and slower where it is crowded."""

from __future__ import annotations

from probe.scenarios.steps import Scenario, Send

SHORTEST, LONGEST = 0.1, 1.0
"""Seconds between connections with a host that is slowed down for: the first pause, and the longest."""


class Pace:
    """Spaces out new connections; one may be shared by the checks of one host, which follow each other."""

    def __init__(self, rate: float | None = None) -> None:
        """``rate`` new connections a second at most, in the mean; None: as fast as it goes."""
        self._least = 1.0 / rate if rate else 0.0
        self.gap = self._least
        self.next = 0.0
        """The earliest moment for the next one, in seconds since the epoch."""

    def begun(self, now: float, connections: int = 1) -> None:
        """So many connections begin now. What opens several is followed by as long a pause as they would take."""
        self.next = now + self.gap * connections

    def slower(self) -> None:
        """Make the pauses longer, up to a bound that a rate given by the user may exceed."""
        self.gap = max(self.gap, min(LONGEST, max(SHORTEST, 2 * self.gap)))

    def faster(self) -> None:
        """Make the pauses shorter again, down to what was asked for."""
        self.gap = max(self._least, self.gap / 2 if self.gap > SHORTEST else 0.0)

    def reset(self) -> None:
        """Make the pauses what was asked for."""
        self.gap = self._least


def connections(scenario: Scenario) -> int:
    """How many connections an exchange opens."""
    return 1 + sum(isinstance(step, Send) and step.fresh for step in scenario.steps)
