"""The places of SEG.SEQ and SEG.ACK that a state may treat differently, named as the RFC names them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from probe.engine.play.matrix.approaches import Approach
from probe.scenarios.steps import EDGE, ISS, NXT, RCV, TOLD, Num
from probe.spec.models import WINDOW
from probe.spec.seq import HALF, Seq
from probe.spec.states import State

PAYLOAD = b"0123456789"
"""What a segment with payload carries; no line feed, so that no application takes it for a request."""
_INSIDE = 100
"""How far inside the window "inside" lies: every usual window is wider."""
_OVERLAP = 4


@dataclass(frozen=True, slots=True)
class Position:
    """A sequence or acknowledgment number: its name in the RFC's variables and where a scenario takes it from."""

    name: str
    num: Num


ANY = "any"
"""The name of the only position where the state does not look at the number."""
NONE = Position("none", ISS)
"""The ACK flag is clear."""


def sequence_numbers(way: Approach, *, payload: bool, syn: bool) -> tuple[Position, ...]:
    """Left of the window, both sides of its edges, inside, half the space away; a SYN where the first one was, too."""
    if way.tcb.iss is None or way.tcb.state is State.SYN_SENT:
        return (Position(ANY, ISS),)
    places = [
        ("RCV.NXT", NXT),
        ("RCV.NXT-1", NXT - 1),
        (f"RCV.NXT+{_INSIDE}", NXT + _INSIDE),
        ("RCV.NXT+RCV.WND-1", EDGE - 1),
        ("RCV.NXT+RCV.WND", EDGE),
        *((("IRS", ISS),) if syn else ()),
        ("RCV.NXT-65536", NXT - (WINDOW + 1)),
        ("RCV.NXT+2^31", NXT + HALF),
    ]
    if payload:
        places += [
            (f"RCV.NXT-{len(PAYLOAD)}", NXT - len(PAYLOAD)),
            (f"RCV.NXT-{_OVERLAP}", NXT - _OVERLAP),
            (f"RCV.NXT+RCV.WND-{_OVERLAP}", EDGE - _OVERLAP),
        ]
    return tuple(_distinct(way, places))


def acknowledgments(way: Approach) -> tuple[Position, ...]:
    """Old, duplicate, acceptable, current, beyond, half the space away; nothing listed twice."""
    if way.tcb.iss is None:
        return (Position(ANY, RCV),)
    flight = way.tcb.snd_nxt - way.tcb.snd_una
    places = [
        ("SND.NXT", RCV),
        ("SND.UNA", TOLD),
        *((("SND.UNA+1", TOLD + 1), ("SND.NXT-1", RCV - 1)) if flight > 1 else ()),
        ("SND.UNA-1", TOLD - 1),
        ("SND.NXT+1", RCV + 1),
        ("SND.UNA-65536", TOLD - (WINDOW + 1)),
        ("SND.NXT+2^31", RCV + HALF),
    ]
    return tuple(_distinct(way, places))


def _distinct(way: Approach, places: Iterable[tuple[str, Num]]) -> Iterator[Position]:
    """Each number under the first of its names: where nothing is in flight, SND.UNA is SND.NXT."""
    found: set[Seq] = set()
    for name, num in places:
        value = way.number(num)
        if value not in found:
            found.add(value)
            yield Position(name, num)
