"""Remembers the verdict of a record by its shape, so that of a thousand records that look alike one is judged.

The shape is the watch's point: all segments in canonical numbers, in order. Where a verdict also rests on something
else (times, missing answers, what came after the seal), nothing is remembered and the record is judged by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from probe.engine.belief.events import Transcript
from probe.engine.belief.tracker import Belief, Point, Terms
from probe.engine.belief.watch import Watch
from probe.engine.judge.attempt import Opinion, judge
from probe.engine.judge.case import Case
from probe.engine.judge.excuses import Doubt
from probe.engine.judge.segment_size import RULES
from probe.engine.judge.timers import FULL, HALF_SECOND
from probe.results.verdict import Verdict
from probe.scenarios.steps import Scenario

_SHAPES = 4096
"""So many shapes are remembered at a time; ordinary peers show a handful."""


@dataclass(slots=True)
class ShapeJudge:
    """Judges attempts at one scenario under equal terms; the fields are those of ``Case``."""

    scenario: Scenario
    start: Belief
    terms: Terms
    obedient: bool = False
    path_delay: float = 0.0
    version: int = 4
    _known: dict[Point, Opinion] = field(default_factory=dict)
    _by_itself: bool = field(init=False)
    """The scenario asks for what the shape does not tell: times, sizes on the wire, both ISNs."""

    def __post_init__(self) -> None:
        shown = {FULL, *RULES}.intersection(self.scenario.shows)
        self._by_itself = bool(self.scenario.repeats or shown or self.scenario.distinct_isns)

    def opinion(self, transcript: Transcript, watch: Watch) -> Opinion:
        """What ``judge`` says; ``watch`` has followed the whole transcript from ``start`` under ``terms``."""
        plain = not self._by_itself and _plain(transcript, watch)
        if plain and (known := self._known.get(watch.point)) is not None:
            return known
        case = Case(
            self.scenario,
            transcript,
            self.start,
            self.terms,
            self.obedient,
            self.path_delay,
            version=self.version,
            memory=watch.memory,
        )
        found = judge(case)
        if plain and found.word is Verdict.PASS and found.doubt is Doubt.NONE:
            if len(self._known) >= _SHAPES:
                self._known.clear()
            found = self._known[watch.point] = replace(found, reached=None)  # its packets are one record's alone
        return found


def _plain(transcript: Transcript, watch: Watch) -> bool:
    """Whether nothing but the shape can decide.

    All gaps below half a second: no acknowledgment is late, none is of another kind for its delay (MUST-40).
    """
    events, numbers = transcript.events, watch.numbers
    if transcript.foreign or transcript.missing or transcript.interrupted or watch.index + 1 != len(events):
        return False
    if transcript.sealed is not None and transcript.sealed < len(events):
        return False
    if numbers.tester is None or numbers.peer is None:
        return False  # without both ISNs the numbers are absolute
    times = [event.time for event in events]
    return max(times) - min(times) <= HALF_SECOND
