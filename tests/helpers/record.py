"""Records written by hand: what the tester sent, what came back, when a wait ended."""

from __future__ import annotations

from dataclasses import replace

from probe.engine.belief.events import Event, Quiet, Seen
from probe.engine.belief.tracker import Memory
from probe.spec.segment import Segment, parse_flags
from probe.spec.seq import Seq
from tests.helpers.blocks import P, T, seg

STEP = 0.001

MEMORY = Memory()
"""One for all tests: the steps of the tracker are the same whoever asks."""


def sent(flags: str, seq: int = 1, ack: int = 1, length: int = 0) -> Seen:
    """A segment of the tester: distances from T and P."""
    return Seen(0.0, True, seg(flags, seq, ack, length))


def back(flags: str, seq: int = 1, ack: int = 1, length: int = 0, *, absolute: bool = False) -> Seen:
    """A segment of the peer: distances from P and T; ``absolute`` takes ``seq`` as it stands."""
    bits = parse_flags(flags)
    number = Seq(seq) if absolute else P + seq
    return Seen(0.0, False, Segment(number, T + ack if "." in flags else Seq(0), bits, 1000, length))


def record(*events: Event, at: dict[int, float] | None = None) -> list[Event]:
    """The events a millisecond apart and numbered; ``at`` gives some of them other times."""
    times = at or {}
    return [
        Quiet(times.get(i, i * STEP))
        if isinstance(event, Quiet)
        else replace(event, time=times.get(i, i * STEP), number=i + 1)
        for i, event in enumerate(events)
    ]
