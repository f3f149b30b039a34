"""What a campaign is: a way to make a case from a number, a way to run it, and how long it may take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random


class WrongError(AssertionError):
    """The code under test did something it must not do; the message says what, ``kind`` in a few words."""

    def __init__(self, kind: str, message: str) -> None:
        """Failures of one ``kind`` are reported once."""
        super().__init__(kind, message)
        self.kind = kind

    def __str__(self) -> str:
        return ": ".join(self.args)


@dataclass(frozen=True, slots=True)
class Campaign:
    """``case`` runs one case and raises anything where it goes wrong; the same ``Random`` gives the same case.

    ``capture`` gives the file that a case reads, where it reads one. ``deadline``: seconds that one case may take on a
    loaded machine; beyond that it hangs.
    """

    name: str
    title: str
    case: Callable[[Random], None]
    capture: Callable[[Random], bytes] | None = None
    deadline: float = 20.0


def campaigns() -> tuple[Campaign, ...]:
    """All of them, in the order in which they run."""
    from tests.fuzz import captures, oracle, packets, pairs, replays, watched

    inner = (captures.CAMPAIGN, packets.CAMPAIGN, oracle.CAMPAIGN, watched.CAMPAIGN)
    return (*inner, *pairs.CAMPAIGNS, *replays.CAMPAIGNS)
