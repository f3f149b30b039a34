"""A peer that answers no longer: how that was seen, and what it had been sent since its last sign of life."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Ending(StrEnum):
    """What is left of the peer. Recordings hold these words."""

    SILENT = "silent"
    """SYNs stay unanswered."""
    REFUSED = "refused"
    """SYNs are refused: the stack lives, its application is gone."""
    LIMITED = "limited"
    """SYNs stay unanswered or are refused, and a limit on them was known before: it tells nothing of the peer."""
    LINE = "line"
    """The line to it failed: its interface, or the route, is gone."""


@dataclass(frozen=True, slots=True)
class Death:
    """One end of the peer within a run.

    ``suspects`` are the ids of the exchanges that had a segment under way when it last gave a sign of life,
    ``segments`` those segments as reports show them, ``packets`` their numbers in the recording. ``asked`` SYNs then
    stayed without SYN,ACK, over ``seconds``; of a line that failed ``trouble`` says how. ``rule`` is what the one
    suspect broke by it, empty where nobody is accused. Played again alone the last segment named ended the peer
    ``ended`` times of ``tries`` (0 where it was not played again).
    """

    ending: Ending
    suspects: tuple[str, ...]
    segments: tuple[str, ...] = ()
    packets: tuple[int, ...] = ()
    asked: int = 0
    seconds: float = 0.0
    trouble: str = ""
    rule: str = ""
    ended: int = 0
    tries: int = 0

    @property
    def accused(self) -> str:
        """The exchange that the death is a finding of; empty where that cannot be told."""
        return self.suspects[0] if self.rule else ""
