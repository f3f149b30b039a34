"""What a run found out about the path between the ends: each suspect with what speaks for and against it.

A run has one path, so this is told once. The suspects are tried like the peer: accepted or refused by evidence, never
inferred from attempts that differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from math import exp, lgamma, log, log1p

from probe.spec.records import quick


class Suspect(StrEnum):
    """What may lie between the ends, or in front of the peer's application, and explain what looks like its fault."""

    LOSS = "loss"
    REORDERING = "reordering"
    FILTER = "stateful-filter"
    """A firewall that drops what its connection tracking calls invalid."""
    FLAGS = "flag-filter"
    """A firewall that drops flags which ordinary segments do not have."""
    OPTIONS = "option-filter"
    """A firewall that drops segments with options it does not know."""
    UNDELIVERED = "kind-undelivered"
    """Of one kind of segment, RSTs or FINs, none of ours reaches the peer."""
    UNHEARD = "kind-unheard"
    """Of one kind of segment none of the peer's reaches us."""
    FORGED = "forged-resets"
    """Another host sends RSTs in the peer's name."""
    LIMIT = "syn-limit"
    """So many SYNs at a time are let in, and the others answered with a RST."""
    TRANSLATION = "address-translation"
    """A translator that drops what belongs to no mapping."""
    COOKIES = "syn-cookies"
    DEFERRED_ACCEPT = "deferred-accept"
    """The listener takes the handshake's ACK for nothing until text comes."""
    PROXY = "syn-proxy"
    """Something before the peer answers SYNs in its place."""
    ICMP = "icmp"
    """A host on the way answers our segments with errors."""
    NO_WAY_BACK = "no-way-back"
    """No connection that the peer opens reaches us, although ours reach it."""

    @property
    def text(self) -> str:
        """As people are told."""
        return _TEXTS[self]


_TEXTS = {
    Suspect.LOSS: "loss",
    Suspect.REORDERING: "reordering",
    Suspect.FILTER: "a stateful filter",
    Suspect.FLAGS: "a filter of flags",
    Suspect.OPTIONS: "a filter of options",
    Suspect.UNDELIVERED: "a kind of segment that does not get there",
    Suspect.UNHEARD: "a kind of segment that does not come",
    Suspect.FORGED: "RSTs of another host's",
    Suspect.LIMIT: "a limit on SYNs",
    Suspect.TRANSLATION: "address translation",
    Suspect.COOKIES: "SYN cookies",
    Suspect.DEFERRED_ACCEPT: "deferred accept",
    Suspect.PROXY: "a SYN proxy",
    Suspect.ICMP: "ICMP errors",
    Suspect.NO_WAY_BACK: "no way back",
}


class Standing(StrEnum):
    """What became of a suspicion."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One suspect: ``fits`` observations that it alone explains, ``against`` those that it cannot explain.

    ``reason`` is a sentence for people; ``exchanges`` are the ids of those that rest on segments it keeps back.
    ``variant`` names its way of working, where there are several (``engine.path.models``).
    """

    suspect: Suspect
    standing: Standing = Standing.OPEN
    fits: int = 0
    against: int = 0
    reason: str = ""
    exchanges: tuple[str, ...] = ()
    variant: str = ""


@quick
@dataclass(frozen=True, slots=True)
class Loss:
    """Loss as measured: of ``asked`` segments that any peer in that state answers, ``lost`` met silence.

    ``syns`` of those asked were SYNs that ask for no RST, ``syns_lost`` of those lost: many hosts and paths limit them.
    ``bare`` of the others were empty ACKs, or asked for one, ``bare_lost`` of those lost: a queue may thin these out.
    ``resets`` asked for a RST, ``resets_lost`` of those in vain: many hosts and filters send so many a second.
    """

    asked: int = 0
    lost: int = 0
    syns: int = 0
    syns_lost: int = 0
    bare: int = 0
    bare_lost: int = 0
    resets: int = 0
    resets_lost: int = 0

    def __add__(self, other: Loss) -> Loss:
        """What was measured in both."""
        return Loss(
            self.asked + other.asked,
            self.lost + other.lost,
            self.syns + other.syns,
            self.syns_lost + other.syns_lost,
            self.bare + other.bare,
            self.bare_lost + other.bare_lost,
            self.resets + other.resets,
            self.resets_lost + other.resets_lost,
        )

    @property
    def bound(self) -> float:
        """The largest loss that is still credible at 95 % (Clopper and Pearson; 3 / asked where none was lost)."""
        return 1.0 if self.asked <= self.lost else _bound(self.asked, self.lost)

    def bound_of(self, *, syn: bool) -> float:
        """That of a SYN, or of any other segment; where no SYN was lost they are alike.

        Where empty ACKs get lost more often than the rest, any other may be one, or have asked for one.
        """
        if syn and self.syns_lost:
            return max(Loss(self.syns, self.syns_lost).bound, self.bound)  # few SYNs got through by luck
        others = self.others if self.syns_lost else self
        if self.limits_resets:
            others = others.less(self.resets, self.resets_lost)
        return Loss(self.bare, self.bare_lost).bound if self.thins_out else others.bound

    @property
    def thins_out(self) -> bool:
        """Whether empty ACKs get lost more often than the rest."""
        return self.others.less(self.bare, self.bare_lost).is_exceeded_by(Loss(self.bare, self.bare_lost))

    @property
    def limits_syns(self) -> bool:
        """Whether SYNs get lost more often than the rest: by their number, as a rule, and not by chance."""
        return self.others.is_exceeded_by(Loss(self.syns, self.syns_lost))

    @property
    def limits_resets(self) -> bool:
        """Whether RSTs do not come more often than the rest: by their number, as a rule, and not by chance."""
        return self.others.less(self.resets, self.resets_lost).is_exceeded_by(Loss(self.resets, self.resets_lost))

    def is_exceeded_by(self, some: Loss) -> bool:
        """Whether it is hardly by chance that of ``some`` more got lost."""
        usual = max(self.lost, 1) / max(self.asked, 1)
        return some.lost > 0 and usual < 1 and 1 - at_most(some.lost - 1, some.asked, usual) < _CHANCE

    @property
    def others(self) -> Loss:
        """That of what is no SYN."""
        return self.less(self.syns, self.syns_lost)

    def less(self, asked: int, lost: int) -> Loss:
        """What was measured without so many of those asked, of which so many were lost."""
        return Loss(self.asked - asked, self.lost - lost)


UNMEASURED = Loss()
_CHANCE = 0.001
"""What is less likely is not chance."""


@lru_cache(maxsize=64)  # asked again and again, of a run that changes little
def _bound(asked: int, lost: int) -> float:
    if not lost:
        return float(1 - 0.05 ** (1 / asked))
    low, high = lost / asked, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if at_most(lost, asked, middle) > 0.05 else (low, middle)
    return high


def at_most(lost: int, asked: int, chance: float) -> float:
    """The chance that no more than so many of ``asked`` are lost; from the largest term down, in logarithms."""
    term = exp(
        lgamma(asked + 1)
        - lgamma(lost + 1)
        - lgamma(asked - lost + 1)
        + lost * log(chance)
        + (asked - lost) * log1p(-chance)
    )
    total = term
    for i in range(lost, 0, -1):
        term *= i * (1 - chance) / ((asked - i + 1) * chance)
        total += term
    return total


@dataclass(frozen=True, slots=True)
class Path:
    """The path of one run: ``copies`` counts segments, and those of them that seem to have come twice, or late.

    ``aborts`` are our RSTs whose effect shows, and those that had none: many a host takes so many a second.
    ``verdicts`` is how many of them share what chance may do: a matrix has thousands.
    """

    loss: Loss = Loss()
    suspicions: tuple[Suspicion, ...] = ()
    copies: Loss = Loss()
    aborts: Loss = Loss()
    verdicts: int = 1

    def standing(self, suspect: Suspect) -> Standing:
        """What became of a suspect; one that nothing pointed to is open."""
        return next((s.standing for s in self.suspicions if s.suspect is suspect), Standing.OPEN)

    @property
    def accepted(self) -> tuple[Suspicion, ...]:
        """The suspects that are there."""
        return tuple(s for s in self.suspicions if s.standing is Standing.ACCEPTED)

    def hinted(self, suspect: Suspect) -> bool:
        """Whether something fits it, and it is neither accepted nor refused."""
        return any(s.suspect is suspect and s.standing is Standing.OPEN and s.fits for s in self.suspicions)

    @property
    def limits_aborts(self) -> bool:
        """Whether our RSTs get lost more often than the rest: by their number, as a rule, and not by chance."""
        return self.loss.is_exceeded_by(self.aborts)

    @property
    def strange(self) -> int:
        """Segments that it is known to have copied or held up."""
        held_up = next((s.fits for s in self.suspicions if s.suspect is Suspect.REORDERING), 0)
        return self.copies.lost + held_up

    @property
    def sentence(self) -> str:
        """What is to be told of the path, once; empty where there is nothing."""
        return "; ".join(s.reason or s.suspect.text for s in self.accepted)
