"""The ordered record of one exchange: what was seen, when a wait ended, and what was waited for in vain."""

from __future__ import annotations

from dataclasses import dataclass, field

from probe.engine.belief.events import Event, Quiet, Seen
from probe.spec.seq import Seq


@dataclass(frozen=True, slots=True)
class Missing:
    """A wait that ended without what it waited for: ``what`` as in the scenario, after event ``index``."""

    index: int
    what: str
    rule: str
    application: bool
    waited: float


@dataclass(slots=True)
class Transcript:
    """Events in the order of the wire; ``sealed`` is the number of events that count for the verdict.

    ``named`` maps events of the tester to what the reaction to them shows, where the scenario names it.
    """

    events: list[Event] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    foreign: list[Seen] = field(default_factory=list)
    sealed: int | None = None
    interrupted: bool = False
    named: dict[int, str] = field(default_factory=dict)

    @property
    def judged(self) -> list[Event]:
        """The events the verdict rests on; what follows is clearing up."""
        return self.events if self.sealed is None else self.events[: self.sealed]

    def seen(self) -> list[tuple[int, Seen]]:
        """The judged segments with their event index."""
        return [(i, e) for i, e in enumerate(self.judged) if isinstance(e, Seen)]

    def quiet_at_end(self) -> bool:
        """Whether the record ends with a completed wait."""
        return bool(self.judged) and isinstance(self.judged[-1], Quiet)


def tester_isn(transcript: Transcript) -> Seq | None:
    """The first sequence number of the tester."""
    return next((e.segment.seq for _, e in transcript.seen() if e.to_peer), None)
