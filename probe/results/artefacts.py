"""What recorders, mirror ports and exports do to a record: suspects of a file, as those of ``path`` are of a run.

The ends did the same with or without. So what a connection breaks is no finding where its record bears the sign of one
of these and another record of the same might not show it: then it is told as doubtful, and nobody is accused.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Artefact(StrEnum):
    """Why a record is not what passed."""

    FLAGS_ONLY = "flags-only"
    DATA_ONLY = "data-only"
    ONE_DIRECTION = "one-direction"
    MISSING = "records-missing"
    ORDER = "order-changed"
    CLOCKS = "two-clocks"
    DOUBLED = "doubled"
    RENUMBERED = "renumbered"
    CUT = "options-cut"
    INJECTED = "injected"
    """Not the recorder's doing: something on the way sent it in an end's name."""

    @property
    def text(self) -> str:
        """As people are told, of the connections that bear its sign."""
        return _TEXTS[self]


_TEXTS = {
    Artefact.FLAGS_ONLY: "only SYN, FIN and RST are recorded",
    Artefact.DATA_ONLY: "only segments with text are recorded",
    Artefact.ONE_DIRECTION: "only one direction is recorded",
    Artefact.MISSING: "records are missing: both ends know of octets, or of a SYN, that the file does not hold",
    Artefact.ORDER: "records have changed order: what was acknowledged is recorded after its acknowledgment",
    Artefact.CLOCKS: "the two directions have different clocks: one is recorded too late",
    Artefact.DOUBLED: "segments are recorded twice",
    Artefact.RENUMBERED: (
        "recorded on both sides of something that rewrites sequence numbers: what passed is there twice, "
        "and each end judged by its own numbers"
    ),
    Artefact.CUT: "SYNs are cut in their options: how windows are scaled is not recorded",
    Artefact.INJECTED: "a RST came in the name of an end that went on: another may have sent it",
}


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One artefact in one file: the sign stands in ``count`` of ``of`` connections.

    ``lag``: seconds by which records are late at most, 0 where that is not the point.
    """

    file: str
    artefact: Artefact
    count: int
    of: int
    lag: float = 0.0
