"""The answers of a check: the handshake, both ways to close, and what departs around them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_FEW = 3
"""So many rules are named where several were broken."""


class Compliance(StrEnum):
    """Whether the peer followed one of the procedures that a check asks about.

    ``INCONCLUSIVE`` and ``SKIPPED``: its exchanges do not show it, and could not tell, or were left out.
    """

    FOLLOWED = "followed"
    NOT_FOLLOWED = "not followed"
    INCONCLUSIVE = "inconclusive"
    SKIPPED = "skipped"

    @property
    def shown(self) -> bool:
        """Whether there is an answer at all."""
        return self in (Compliance.FOLLOWED, Compliance.NOT_FOLLOWED)

    @property
    def text(self) -> str:
        """For people: what is not shown has one word."""
        return self.value if self.shown else "not shown"


@dataclass(frozen=True, slots=True)
class Around:
    """What departs in the ``exchanges`` other than those the answers are about: how many fail and warn, by which rules.

    ``rules`` are (id, in how many exchanges), the most frequent first; ``odd`` is the number of exchanges that depart.
    """

    exchanges: int = 0
    odd: int = 0
    fail: int = 0
    warn: int = 0
    rules: tuple[tuple[str, int], ...] = ()

    @property
    def text(self) -> str:
        """For people; empty where there are no other exchanges."""
        if not self.odd:
            return f"nothing departs in {_exchanges(self.exchanges)}" if self.exchanges else ""
        named = ", ".join(f"{rule} {count}" if count > 1 else rule for rule, count in self.rules[:_FEW])
        more = ", …" if len(self.rules) > _FEW else ""
        return f"{self.fail} fail, {self.warn} warn in {self.odd} of {_exchanges(self.exchanges)} ({named}{more})"


def _exchanges(count: int) -> str:
    return f"{count} other exchange{'s' * (count != 1)}"


@dataclass(frozen=True, slots=True)
class Summary:
    """The answers, each by its own exchanges only, with its reason: what stands against it, or why it is not shown."""

    three_way: Compliance = Compliance.SKIPPED
    close_by_us: Compliance = Compliance.SKIPPED
    close_by_peer: Compliance = Compliance.SKIPPED
    reasons: tuple[str, str, str] = ("", "", "")
    around: Around = Around()
