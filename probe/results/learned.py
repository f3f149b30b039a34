"""What a run learned of the peer's ways: the questions it answers, and how long each kind of wait takes with it.

Nothing of it is a verdict. It says what the other exchanges asked, and when a silence was taken for one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

USUAL_ANSWER = 1.0
"""Seconds a reply may take where a round trip takes next to nothing."""
USUAL_MTU = 1280
"""Octets of a packet that every path of IPv6 takes (RFC 8200 section 5), and nearly every one of IPv4."""
_LATE_TIMER = 3.5
"""Seconds before a first repetition that are more than even RFC 1122 (4.2.3.1: 3 s) has a stack wait."""


class Question(StrEnum):
    """What tells whether a connection still stands."""

    OCTET_BELOW = "octet-below-window"
    EMPTY_BELOW = "empty-below-window"
    NEXT_OCTET = "next-octet"

    @property
    def text(self) -> str:
        """As people are told."""
        return _TEXTS[self]

    @property
    def usual_gap(self) -> float:
        """Seconds between answers of a peer that was not asked: Linux does so, other stacks lose nothing."""
        return 0.55 if self is Question.EMPTY_BELOW else 0.0


_TEXTS = {
    Question.OCTET_BELOW: "an octet below the window",
    Question.EMPTY_BELOW: "an empty segment below the window",
    Question.NEXT_OCTET: "the next octet in order",
}


class Repeated(StrEnum):
    """What a peer's own timer repeats."""

    SYN = "SYN"
    SYN_ACK = "SYN,ACK"
    FIN = "FIN"


@dataclass(frozen=True, slots=True)
class Answered:
    """How the peer answers one question: out of so many, how soon, and how far apart (0: every one), in seconds.

    ``shared``: what it answers on one connection counts on all.
    """

    question: Question
    asked: int
    answered: int
    seconds: float = 0.0
    gap: float = 0.0
    shared: bool = False

    @property
    def odd(self) -> str:
        """What is unusual of it; empty where nothing is."""
        if not self.asked:
            return ""
        if not self.answered:
            return f"it does not answer {self.question.text}"
        if self.gap <= self.question.usual_gap:
            return ""
        on_all = ", on all connections together" if self.shared else ""
        return f"it answers {self.question.text} once in {self.gap:.2g} s{on_all}"


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds that this run gave: to a reply, to an ACK that may be delayed, to a repetition, to the application.

    After ``never`` seconds of silence a repetition was said not to come; ``apart`` lay between two segments of ours of
    which the first draws no answer.
    """

    answer: float
    delayed_ack: float
    repetition: float
    application: float
    never: float
    apart: float


@dataclass(frozen=True, slots=True)
class Learned:
    """``questions`` are empty where none was asked for its own sake; ``mtu`` is what the path is known to take.

    ``round_trip`` is the shortest time to an answer of the handshake, ``usual`` the one that this peer usually takes
    (None: no handshake was answered), ``application`` the longest that its application took. ``repetitions`` have the
    longest time until it sent something again for the first time. ``twice``: it says the same in two bare ACKs.
    ``given``: it was the user who said how long a reply may take.
    """

    waits: Waits
    questions: tuple[Answered, ...] = ()
    round_trip: float | None = None
    usual: float | None = None
    application: float = 0.0
    repetitions: tuple[tuple[Repeated, float], ...] = ()
    mtu: int = USUAL_MTU
    twice: bool = False
    given: bool = False

    @property
    def sentence(self) -> str:
        """What is unusual of it, told once; empty where nothing is."""
        told = [one.odd for one in self.questions]
        if self.usual is not None and not self.given and self.waits.answer > USUAL_ANSWER:
            told.append(
                f"it takes {self.usual:.2g} s to answer, so that a reply is waited for {self.waits.answer:.2g} s"
            )
        told += [
            f"its {what} comes again only after {seconds:.2g} s"
            for what, seconds in self.repetitions
            if seconds > _LATE_TIMER
        ]
        told += ["it sends bare ACKs twice"] * self.twice
        told += [f"the path takes packets of {self.mtu} octets"] * (self.mtu < USUAL_MTU)
        return "; ".join(filter(None, told))
