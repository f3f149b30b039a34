"""Plays a mutant in every exchange that meets its place, the quick ones first, and says who caught it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, partial
from typing import Any

from probe import scenarios
from probe.engine.judge.attempt import Opinion
from probe.engine.judge.jury import settle
from probe.engine.play.matrix.approaches import APPROACHES
from probe.engine.play.matrix.cells import Cell, cells
from probe.results.verdict import Verdict
from probe.scenarios.steps import Scenario
from probe.spec.reaction import Reaction
from probe.spec.segment import KINDS
from tests.helpers import cell as matrix
from tests.helpers.peer import Peer
from tests.helpers.play import CLEAN, attempts, peer_for
from tests.mutants.acting import Noting, Place
from tests.mutants.table import Mutant

Exchange = Scenario | Cell
ACCUSED = frozenset({Verdict.FAIL, Verdict.WARN})


CELLS = 16
"""Cells in which a mutant is played that the exchanges miss, evenly spread over those that meet its place."""


TIMERS = (0.2, 1.0)
"""First retransmission intervals: of Linux, of RFC 6298 section 2.4."""


class Word(StrEnum):
    """What became of a mutant."""

    OWN = "own rule"
    OTHER = "other rule"
    MISSED = "missed"
    NONE = "no mutant"
    """Nothing comes of it anywhere, or what comes is permitted."""


@dataclass(frozen=True, slots=True)
class Score:
    """One mutant: who caught it, in which exchange, under which rules; ``seen`` are the exchanges where it acted."""

    mutant: Mutant
    word: Word
    exchange: str = ""
    rules: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()


Meeting = Mapping[Place, tuple[Exchange, ...]]
"""Place -> the exchanges that meet it."""


@cache
def checked() -> Meeting:
    """In the exchanges of ``probe check``."""
    return _met(scenarios.ALL.values())


@cache
def crossed() -> Meeting:
    """In the cells of ``probe matrix``."""
    return _met(c for way in APPROACHES for kind in KINDS for c in cells(way, kind))


def _met(exchanges: Iterable[Exchange]) -> Meeting:
    met: dict[Place, list[Exchange]] = defaultdict(list)
    for exchange in exchanges:
        noting = Noting()
        played(exchange, partial(conforming, exchange, faults=noting))
        for place in noting.met:
            met[place].append(exchange)
    return {place: tuple(found) for place, found in met.items()}


def conforming(exchange: Exchange, **changes: Any) -> Peer:  # noqa: ANN401 - the fields of a peer
    """A conforming peer on the kind of port the exchange asks for, with some of its fields changed."""
    peer = matrix.peer_for(exchange.way) if isinstance(exchange, Cell) else peer_for(exchange)
    return replace(peer, **changes)


def played(exchange: Exchange, make: Callable[[], Peer]) -> Opinion:
    """What the jury says on a clean path."""
    if isinstance(exchange, Cell):
        return settle([h.opinion for h in matrix.play(exchange, make)], CLEAN)
    return settle(attempts(exchange, make), CLEAN)


def score(mutant: Mutant) -> Score:
    """Until an exchange names its own rule; else all of them, and cells where none of them found a thing.

    A stack that sends again soon hides the answer that it does not give, a slow one what it does not send again.
    """
    best = Score(mutant, Word.NONE)
    for exchanges, rto in ((stage, rto) for stage in _stages(mutant) for rto in TIMERS):
        found = _among(mutant, exchanges, rto)
        best = replace(found if found.word is not Word.NONE else best, seen=(*best.seen, *found.seen))
        if best.word not in (Word.MISSED, Word.NONE):
            break
    return best


def _stages(mutant: Mutant) -> Iterator[Sequence[Exchange]]:
    """Exchanges of a check, those that show its rule first; then cells, which nobody plays who need not."""
    known = checked().get(mutant.place, ())
    own = {e.id for e in known if isinstance(e, Scenario) and mutant.rules & {*e.shows, *e.may_show}}
    yield sorted(known, key=lambda e: e.id not in own)
    yield _spread(crossed().get(mutant.place, ()))


def _among(mutant: Mutant, exchanges: Iterable[Exchange], rto: float) -> Score:
    best, seen = None, []
    for exchange in exchanges:
        fault = mutant.acting()
        changes = {"rto": rto, "faults": {mutant.place.where: fault}}
        found = played(exchange, partial(conforming, exchange, **changes))
        if not fault.struck:
            continue
        seen.append(exchange.id)
        rules = tuple(finding.rule for finding in found.findings)
        if found.word not in ACCUSED:
            continue
        word = Word.OWN if mutant.rules & set(rules) else Word.OTHER
        if best is None or word is Word.OWN:
            best = Score(mutant, word, exchange.id, rules)
        if word is Word.OWN:
            break
    if best is not None:
        return replace(best, seen=tuple(seen))
    return Score(mutant, Word.MISSED if seen else Word.NONE, seen=tuple(seen))


def _spread(exchanges: tuple[Exchange, ...]) -> tuple[Exchange, ...]:
    """So many of them, from the first to the last."""
    return exchanges[:: max(1, len(exchanges) // CELLS)][:CELLS]


def accused() -> list[str]:
    """The exchanges that accuse a conforming peer, whichever permitted reaction it takes."""
    return [
        f"{exchange.id}, {name} reaction"
        for exchange in scenarios.ALL.values()
        for name, choose in CHOICES.items()
        if played(exchange, partial(conforming, exchange, choose=choose)).word in ACCUSED
    ]


def _last(reactions: tuple[Reaction, ...]) -> Reaction:
    """A half-close promises to go on reading, so no RST there (RFC 9293 section 3.6.1)."""
    return reactions[0] if reactions[0].row in {"V3", "W3"} else reactions[-1]


CHOICES: dict[str, Callable[[tuple[Reaction, ...]], Reaction]] = {
    "first": lambda reactions: reactions[0],
    "last": _last,
}
