"""The exchanges: one file each; the package finds them, sorted by their place in reports."""

from __future__ import annotations

import importlib
import pkgutil

from probe.scenarios.steps import Scenario

_VOCABULARY = {"steps", "triggers"}


def _load() -> dict[str, Scenario]:
    modules = [m.name for m in pkgutil.iter_modules(__path__) if m.name not in _VOCABULARY]
    found: list[Scenario] = [importlib.import_module(f"{__name__}.{name}").SCENARIO for name in modules]
    return {s.id: s for s in sorted(found, key=lambda s: (s.order, s.id))}


ALL = _load()
"""Exchange id -> scenario, in report order."""
