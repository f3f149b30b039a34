"""What a verdict stands on, as data: the exchange came to its subject, what was sent arrived, nothing permitted
explains what came, and it came again.

Texts are for people; decisions rest on the other fields.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Shown:
    """A rule seen in action: before ``packet`` the peer was in one of ``states``; packet ``confirmed`` tells so.

    Packet ``answered`` is the peer's answer to it, or what it sent of itself; none is where silence was due.
    Packets are numbers in the recording (0: there is none, or it is not recorded).
    """

    rule: str
    packet: int = 0
    states: tuple[str, ...] = ()
    confirmed: int = 0
    answered: int = 0


@dataclass(frozen=True, slots=True)
class Reached:
    """Whether the exchange came to what it is about: the rules it is to show, those it showed, and what prevented it.

    ``obstacle`` is a sentence for people, empty where nothing is lacking.
    """

    wanted: tuple[str, ...] = ()
    shown: tuple[Shown, ...] = ()
    obstacle: str = ""

    @property
    def lacking(self) -> tuple[str, ...]:
        """What it was to show and did not."""
        seen = {one.rule for one in self.shown}
        return tuple(rule for rule in self.wanted if rule not in seen)


@dataclass(frozen=True, slots=True)
class Delivered:
    """Whether the stimulus reached the peer: ``packet`` is the reply that proves it.

    Without one (0) it is the path that is asked: ``path`` are sentences, one a suspect, with what speaks for or against
    it. ``certain`` says whether no suspect is left.
    """

    packet: int = 0
    path: tuple[str, ...] = ()
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Tried:
    """An excuse (``loss``, ``abort``, ``stateful-filter`` ...), whether it explains the record, and whether it counts.

    ``stands`` is None where it explains nothing; ``why`` is a sentence with the figures.
    """

    excuse: str
    explains: bool
    stands: bool | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Departed:
    """What no permitted history explains: the rule, the stimulus and what came, and the excuses that were tried.

    ``states`` are those the peer was believed to be in before it. Texts and packets are those of the finding.
    """

    rule: str
    sent: str
    due: str
    came: str
    packets: tuple[int, ...] = ()
    states: tuple[str, ...] = ()
    tried: tuple[Tried, ...] = ()


@dataclass(frozen=True, slots=True)
class Canonical:
    """A departure in the form in which attempts are compared, whatever the numbers were.

    ``rules`` broken; ``place`` of the stimulus in the script, in segments from 0 (-1: none); ``kind``: ``silence``, the
    flags of what came, ``late``, or ``form`` for a malformed segment.
    """

    rules: tuple[str, ...]
    place: int = -1
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Vote:
    """One attempt: its verdict word, ``departure`` (None: there was none), and the excuses that explain it."""

    word: str
    departure: Canonical | None = None
    excuses: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Again:
    """What the attempts came to: ``agree`` of ``count`` that tell something show the same.

    ``chance`` is that of the excuses that rest on chance (None: nothing rests on chance); ``outcome`` is a sentence.
    """

    votes: tuple[Vote, ...] = ()
    agree: int = 0
    count: int = 0
    chance: float | None = None
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Proofs:
    """The four proofs of one verdict; None where the verdict does not stand on that one."""

    reached: Reached | None = None
    delivered: Delivered | None = None
    departed: Departed | None = None
    again: Again | None = None

    def renumbered(self, base: int) -> Proofs:
        """The same, with so many packets recorded before."""

        def moved(number: int) -> int:
            return number + base if number else 0

        reached, delivered, departed = self.reached, self.delivered, self.departed
        if reached is not None:
            shown = (
                replace(s, packet=moved(s.packet), confirmed=moved(s.confirmed), answered=moved(s.answered))
                for s in reached.shown
            )
            reached = replace(reached, shown=tuple(shown))
        if delivered is not None:
            delivered = replace(delivered, packet=moved(delivered.packet))
        if departed is not None:
            departed = replace(departed, packets=tuple(map(moved, departed.packets)))
        return Proofs(reached, delivered, departed, self.again)


@dataclass(frozen=True, slots=True)
class Walk:
    """One way in which the record of an end was followed: the excuses granted, and how its packets were taken.

    ``without_copies``: copies that the network may have made were left out; ``moved``: overtaken packets were put where
    they were sent. ``broken`` is the number of the packet that no history explains, ``stopped`` of the one behind which
    there were too many histories to follow (0: there is none).
    """

    excuses: tuple[str, ...]
    without_copies: bool = False
    moved: bool = False
    broken: int = 0
    stopped: int = 0


@dataclass(frozen=True, slots=True)
class CapturedEnd:
    """How one end of a captured connection was judged: the ways tried, and the states after each packet in the last.

    ``beliefs`` are pairs of a packet's number and the states the end can be in after it.
    """

    client: bool
    walks: tuple[Walk, ...] = ()
    beliefs: tuple[tuple[int, tuple[str, ...]], ...] = ()
