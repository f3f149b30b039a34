"""What was seen of one suspect, counted, and what it comes to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from probe.results.path import Standing, Suspect, Suspicion

ENOUGH, EXCHANGES = 3, 2
"""So many attempts, in so many exchanges, must be explained by a suspect before it is accepted."""


@dataclass(slots=True)
class Tally:
    """``fits`` and ``against`` count attempts by exchange; ``rests`` are exchanges that rest on the suspect.

    ``faint`` are attempts against it that something else explains as well.
    """

    fits: Counter[str] = field(default_factory=Counter)
    against: Counter[str] = field(default_factory=Counter)
    faint: Counter[str] = field(default_factory=Counter)
    rests: dict[str, None] = field(default_factory=dict)

    def suspicion(self, suspect: Suspect, standing: Standing, reason: str, variant: str = "") -> Suspicion:
        """Where it stands; only on an accepted suspect an exchange can rest."""
        rests = tuple(self.rests) if standing is Standing.ACCEPTED else ()
        return Suspicion(suspect, standing, self.fits.total(), self.against.total(), reason, rests, variant)
