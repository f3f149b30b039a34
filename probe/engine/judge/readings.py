"""Whether one stack mixes two readings: what only the mitigations of RFC 5961 explain, what only the classic text."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from probe.engine.belief.tracker import Terms
from probe.engine.belief.watch import follow
from probe.engine.judge.attempt import Case
from probe.results.verdict import Mixed


class Lean(Enum):
    """Which reading one record needs. ``EITHER``: both explain it; ``BOTH``: it takes one of each."""

    EITHER = "either"
    MITIGATED = "rfc5961"
    CLASSIC = "classic"
    BOTH = "both"


def lean(case: Case) -> Lean:
    """The reading that explains the record; what neither explains is a finding, which is the judge's business."""
    if not _explained(case, "rfc9293"):
        return Lean.EITHER
    classic, mitigated = _explained(case, "rfc793"), _explained(case, "rfc5961")
    if classic and mitigated:
        return Lean.EITHER
    if classic or mitigated:
        return Lean.CLASSIC if classic else Lean.MITIGATED
    return Lean.BOTH


def by_reading(case: Case) -> bool:
    """Whether the record departs from the profile only: RFC 9293, which permits both readings, explains it."""
    return not _explained(case, case.terms.profile) and _explained(case, "rfc9293")


def mixed(leans: Iterable[tuple[str, Lean]]) -> Mixed | None:
    """The exchanges on either side, where there are some on both; ``leans`` are those of each exchange's attempts.

    RFC 9293 leaves both readings standing, so this is no departure; but a stack that means either one keeps to it.
    """
    found = list(leans)
    mitigated = _named(found, Lean.MITIGATED)
    classic = _named(found, Lean.CLASSIC)
    return Mixed(mitigated, classic) if mitigated and classic else None


def _named(found: list[tuple[str, Lean]], side: Lean) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name, one in found if one in (side, Lean.BOTH)))


def _explained(case: Case, profile: str) -> bool:
    terms = Terms(profile, case.terms.allow)
    return follow(case.transcript.judged, case.start, terms, case.memory).broken_at is None
