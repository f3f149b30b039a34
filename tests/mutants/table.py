"""Every mutant: each place where a stack can be wrong, with each operator of the two families."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from probe.spec.states import State
from tests.mutants.acting import Acting, Place
from tests.mutants.operators import ANSWERS, CALL_ANSWERS, CALL_MOVES, MOVES, Operator


class Family(StrEnum):
    """What is wrong."""

    ANSWER = "another answer"
    MOVE = "right answer, wrong move"


CALL_RULES: dict[str, frozenset[str]] = {
    f"OPEN:{State.CLOSED}": frozenset({"active.syn-form"}),
    f"SEND:{State.ESTABLISHED}": frozenset({"halfopen.rst-on-peer-data", "opt.mss-respected", "opt.mss-default"}),
    f"SEND:{State.CLOSE_WAIT}": frozenset({"close.halfclose-peer-sends"}),
    f"CLOSE:{State.ESTABLISHED}": frozenset({"aclose.fin-form"}),
    f"CLOSE:{State.CLOSE_WAIT}": frozenset({"close.passive-fin", "close.merged-fin"}),
    f"ABORT:{State.ESTABLISHED}": frozenset({"rstgen.abort-seq", "rstgen.unread-data-at-close"}),
    f"RETRANSMIT:{State.SYN_SENT}": frozenset({"active.syn-retransmitted-same-isn", "active.syn-backoff"}),
    f"RETRANSMIT:{State.SYN_RECEIVED}": frozenset(
        {"synack.retransmitted", "isn.stable-while-pending", "synack.backoff"}
    ),
    f"RETRANSMIT:{State.FIN_WAIT_1}": frozenset({"aclose.fin-retransmit"}),
    f"RETRANSMIT:{State.CLOSING}": frozenset({"simclose.fin-still-retransmitted"}),
    f"RETRANSMIT:{State.LAST_ACK}": frozenset({"close.lastack-fin-retransmit"}),
}
"""What calls and timers send: the place to the rules that it shows."""


OPERATORS: dict[tuple[Family, bool], dict[str, Operator]] = {
    (Family.ANSWER, True): ANSWERS,
    (Family.ANSWER, False): CALL_ANSWERS,
    (Family.MOVE, True): MOVES,
    (Family.MOVE, False): CALL_MOVES,
}
"""By family, and whether it is a row (else a call or a timer)."""


@dataclass(frozen=True, slots=True, order=True)
class Mutant:
    """A peer with one thing wrong."""

    place: Place
    family: Family
    name: str

    @property
    def id(self) -> str:
        """As the command prints it: ``F4:seg.old-duplicate-acked.silent``."""
        return f"{self.place}.{self.name}"

    @property
    def rules(self) -> frozenset[str]:
        """Its own: what it breaks by name."""
        return frozenset({self.place.what}) if self.place.is_row else CALL_RULES.get(str(self.place), frozenset())

    def acting(self) -> Acting:
        """Its fault, which has not struck yet."""
        return Acting(self.place, OPERATORS[self.family, self.place.is_row][self.name])


def mutants(places: Iterable[Place]) -> Iterator[Mutant]:
    """All of these places, in order."""
    for place in sorted(places):
        for family in Family:
            for name in OPERATORS[family, place.is_row]:
                yield Mutant(place, family, name)
