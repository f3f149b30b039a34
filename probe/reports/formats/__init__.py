"""The formats a report can be had in: one module each, which is found by itself if it holds a ``FORMAT``."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module

from probe.reports.document import Document


@dataclass(frozen=True, slots=True)
class Format:
    """A format with an option of its own, ``--NAME FILE``: ``render`` gives the text in pieces.

    ``lines``: the file grows while the run goes on, and what is rendered is added at its end.
    """

    name: str
    help: str
    render: Callable[[Document], Iterable[str]]
    metavar: str = "FILE"
    lines: bool = False

    @property
    def option(self) -> str:
        """As it is written on the command line."""
        return f"--{self.name}"


def found() -> list[Format]:
    """Every format with an option, in the order of its module's names."""
    modules = [import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__)]
    return [module.FORMAT for module in modules if hasattr(module, "FORMAT")]
