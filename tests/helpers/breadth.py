"""How much of the wide tables is met: what is quick in every run of the tests, all of it in ``make zoo``."""

from __future__ import annotations

import os
from collections.abc import Iterable

COUNT = int(os.environ.get("PROBE_COUNT", "0"))
"""How often each entry of a table is played; 0: the quick ones, once."""
TURNS = range(max(1, COUNT))


def met(every: Iterable[str], quick: Iterable[str]) -> tuple[str, ...]:
    """The entries of a table that this run meets."""
    return tuple(every if COUNT else quick)
