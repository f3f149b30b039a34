"""The exchanges: one file each; the package finds them, sorted by their place in reports, when they are asked for."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from probe.scenarios.steps import Scenario

_VOCABULARY = {"steps", "triggers"}

ALL: dict[str, Scenario]
"""Exchange id -> scenario, in report order."""


def _load() -> dict[str, Scenario]:
    modules = [m.name for m in pkgutil.iter_modules(__path__) if m.name not in _VOCABULARY]
    found: list[Scenario] = [importlib.import_module(f"{__name__}.{name}").SCENARIO for name in modules]
    return {s.id: s for s in sorted(found, key=lambda s: (s.order, s.id))}


def __getattr__(name: str) -> Any:  # noqa: ANN401  # what a module holds
    """Load the exchanges at the first use: most of the package needs only the words they are written in."""
    if name != "ALL":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()["ALL"] = _load()
    return found
