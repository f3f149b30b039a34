"""The path of a run as a recording holds it: what the live run measured, attempts included that it did not judge."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from probe.recording.json_fields import DamagedError, JsonObject
from probe.results.path import Loss, Path, Standing, Suspect, Suspicion

_ROW = (str, str, int, int, str, list, str)
"""What the fields of a Suspicion are in JSON, in their order."""
_KINDS = ("syns", "bare", "resets")
"""What of a Loss is told by itself: so many asked, and so many of them lost."""


def written(path: Path) -> dict[str, Any]:
    """As JSON."""
    return {
        "loss": [[path.loss.asked, path.loss.lost]],
        **{kind: [[getattr(path.loss, kind), getattr(path.loss, f"{kind}_lost")]] for kind in _KINDS},
        "copies": [[path.copies.asked, path.copies.lost]],
        "aborts": [[path.aborts.asked, path.aborts.lost]],
        "suspicions": [
            [s.suspect, s.standing, s.fits, s.against, s.reason, list(s.exchanges), s.variant] for s in path.suspicions
        ],
    }


def read(record: JsonObject) -> Path:
    """Read back; suspects that this version does not know are left out."""
    rows = [row for row in record.rows("suspicions", *_ROW) if row[0] in set(Suspect)]
    loss = _loss(record, "loss")
    for kind in filter(record.has, _KINDS):  # older recordings do not tell them apart
        told = _loss(record, kind)
        loss = replace(loss, **{kind: told.asked, f"{kind}_lost": told.lost})
    aborts = _loss(record, "aborts") if record.has("aborts") else Loss()
    return Path(loss, tuple(map(_suspicion, rows)), _loss(record, "copies"), aborts)


def _loss(record: JsonObject, name: str) -> Loss:
    rows = record.rows(name, int, int)
    if len(rows) != 1 or not 0 <= rows[0][1] <= rows[0][0]:
        raise DamagedError(f"{name} holds no figures")
    return Loss(*rows[0])


def _suspicion(row: tuple[Any, ...]) -> Suspicion:
    suspect, standing, fits, against, reason, exchanges, variant = row
    if standing not in set(Standing):
        raise DamagedError("suspicions holds one that cannot be")
    return Suspicion(Suspect(suspect), Standing(standing), fits, against, reason, tuple(map(str, exchanges)), variant)
