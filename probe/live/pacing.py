"""How often and how much a host is asked: never more than the user says, and less where it is crowded.

A listener whose backlog is full drops SYNs or answers them with cookies; both are the tester's doing as much as the
peer's, so it is asked less at a time. It is never accused of either: an unanswered SYN is inconclusive. A peer that
answered and has fallen silent may have crashed over what it was sent: where that was is told.
"""

from __future__ import annotations

from probe.engine.judge.attempt import Opinion
from probe.engine.judge.excuses import Doubt
from probe.engine.trial.attempt import Attempt
from probe.scenarios.steps import Scenario, Send

SHORTEST, LONGEST = 0.1, 1.0
"""Seconds between connections with a host that is slowed down for: the first pause, and the longest."""
SIGNS, CALM = 2, 3
"""So many attempts that hint at a full backlog slow down, so many in a row that do not undo it."""


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


class Backlog:
    """What the attempts tell of how much the target bears; ``width`` is how many connections it gets at a time."""

    def __init__(self, parallel: int, pace: Pace) -> None:
        self.width = self._asked = max(1, parallel)
        self._pace = pace
        self._answers = False
        self._unanswered = 0
        self._calm = self._hints = 0
        self._signs: dict[str, None] = {}
        self._slowest = (self.width, 0.0)
        self._slowed_at = float("-inf")

    def alone(self) -> None:
        """One connection at a time from now on."""
        self.width = self._asked = 1

    def heard(self, attempt: Attempt, opinion: Opinion | None) -> None:
        """An attempt at an open port ended; ``opinion`` None where it is not judged."""
        transcript = attempt.conductor.transcript
        self._answers = self._answers or any(not event.to_peer for _, event in attempt.segments)
        if attempt.scenario.port != "open" or attempt.scenario.opens != "us" or transcript.interrupted:
            return  # it tells nothing of an open port
        answered = any(not event.to_peer for _, event in transcript.seen())  # what is cleared up draws other answers
        self._unanswered = self._unanswered + 1 if self._answers and not answered else 0
        if answered:
            if opinion is None or opinion.doubt is not Doubt.COOKIES:
                self._calm += 1
                if self._calm >= CALM:
                    self._calm = self._hints = 0
                    self._pace.faster()
                    self.width = min(self._asked, 2 * self.width)
                return
            self._signs["answered with SYN cookies"] = None
        elif self._answers:  # a target that never answered is no matter of crowding
            self._signs["left unanswered"] = None
        else:
            return
        events = attempt.conductor.transcript.events
        self._slow_down(events[0].time, events[-1].time)

    def _slow_down(self, began: float, ended: float) -> None:
        """Once for all attempts that were in progress together."""
        self._hints += 1
        self._calm = 0
        if began < self._slowed_at or self._hints < SIGNS:
            return
        self._slowed_at = ended
        if self.width == 1 and self._unanswered > 1:
            self._pace.slower()
        self.width = max(1, self.width // 2)
        self._slowest = min(self._slowest, (self.width, -self._pace.gap))

    def warnings(self, target: object) -> list[str]:
        """What it came to, in sentences for the user."""
        if self._slowed_at < 0:
            return []
        width, gap = self._slowest
        apart = f", {-gap:.1g} s apart" if gap else ""
        return [
            f"{target}: with {self._asked} connections at a time SYNs were {' or '.join(self._signs)}, as by a full"
            f" backlog or a path that loses them; slowed down to {width} at a time{apart}"
        ]
