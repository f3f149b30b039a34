"""One case of another suite, and a suite of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """One case: its id, what it asks, what shows it here: exchanges, and cells of the matrix.

    ``lacks`` says what of it nothing shows yet, ``beyond`` why all of it is out of scope. An id that ends in a star
    stands for all that begin so.
    """

    id: str
    purpose: str
    exchanges: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    lacks: str = ""
    beyond: str = ""


@dataclass(frozen=True, slots=True)
class Suite:
    """``id`` is the option of `probe list`, ``naming`` makes the suite's own name of a case's id."""

    id: str
    title: str
    naming: str
    cases: tuple[Case, ...]

    def name(self, one: Case) -> str:
        """What the suite calls it."""
        return self.naming.format(one.id)


def case(name: str, purpose: str, exchanges: str = "", *places: str, lacks: str = "", beyond: str = "") -> Case:
    """One case; the exchanges in one text, the cells each by itself."""
    return Case(name, purpose, tuple(exchanges.split()), places, lacks, beyond)


def cells(states: str, *kinds: str) -> tuple[str, ...]:
    """The cells of these kinds of segment in these states."""
    return tuple(f"{state} {kind}" for state in states.split() for kind in kinds)
