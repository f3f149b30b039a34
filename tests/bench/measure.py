"""What a bench is and what it measures: one file of this folder each, found by its ``BENCH``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import tests.bench
from tests.bench.place import Place


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure. A bound that is None is not kept; ``note`` says what a reader must know to compare it."""

    what: str
    value: float
    unit: str
    at_least: float | None = None
    below: float | None = None
    note: str = ""

    @property
    def met(self) -> bool:
        """Whether every bound is kept."""
        too_low = self.at_least is not None and self.value < self.at_least
        too_high = self.below is not None and self.value >= self.below
        return not too_low and not too_high

    @property
    def bound(self) -> str:
        """The bounds as a reader writes them."""
        low = "" if self.at_least is None else f"≥ {self.at_least:g}"
        high = "" if self.below is None else f"< {self.below:g}"
        return " and ".join(filter(None, (low, high)))


@dataclass(frozen=True, slots=True)
class Bench:
    """A named set of figures; ``run`` takes the place and yields them as they are known."""

    name: str
    title: str
    run: Callable[[Place], Iterable[Measure]]
    order: int = 100


def benches() -> list[Bench]:
    """Every bench of this folder, in report order."""
    names = [found.name for found in pkgutil.iter_modules(tests.bench.__path__) if not found.name.startswith("__")]
    modules = [importlib.import_module(f"tests.bench.{name}") for name in names]
    found: list[Bench] = [module.BENCH for module in modules if hasattr(module, "BENCH")]
    return sorted(found, key=lambda bench: (bench.order, bench.name))
