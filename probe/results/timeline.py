"""How many connections opened, closed, were reset, refused or left unanswered, by time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Happening(StrEnum):
    """What is counted: opens, refusals and SYNs without an answer when they began, ends when they were over."""

    OPENED = "opened"
    CLOSED = "closed"
    RESET = "reset"
    REFUSED = "refused"
    UNANSWERED = "unanswered"

    @property
    def at_start(self) -> bool:
        """Whether it counts at the connection's first packet, else at its last."""
        return self not in {Happening.CLOSED, Happening.RESET}


KINDS = tuple(Happening)


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """From ``time`` (seconds since 1970) on, how many of each kind."""

    time: float
    opened: int
    closed: int
    reset: int
    refused: int
    unanswered: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """Rows of ``seconds`` each, one after the other; none where there was no connection."""

    seconds: float = 0.0
    rows: tuple[TimelineRow, ...] = ()


NO_TIMELINE = Timeline()
