"""Conforming connections: chance plays both ends, their applications and timers, the path and the capture.

The capture sits somewhere on the path: what it sees has not arrived yet, may be lost behind it, or was lost before it.
A path may copy a segment, or let it overtake the one before it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random

from probe.results.connection import Packet
from probe.spec.segment import SYN, Segment
from tests.fuzz.ends import End

STEP, TIMER = (0.00001, 0.001, 0.01), (0.3, 1.0)
"""Seconds between things that happen, and until a timer runs out: what is sent again is no copy."""


@dataclass
class Path:
    """One direction: sent and not yet at the capture, past the capture and not yet there."""

    before: deque[Segment] = field(default_factory=deque)
    behind: deque[Segment] = field(default_factory=deque)


class Talk:
    """Two ends, two directions, a capture between them."""

    def __init__(self, rng: Random, loss: float = 0.0, overtaking: float = 0.0, copies: float = 0.0) -> None:
        """The client's SYN is on its way, and now and then one of the server's.

        ``loss``: the chance of each segment to be lost on each half of the path, ``overtaking`` to pass the one before
        it there, ``copies`` to come twice.
        """
        self._rng = rng
        self._loss, self._overtaking, self._copies = loss, overtaking, copies
        both_open = rng.random() < 0.1
        self._ends = (End(rng, listening=False), End(rng, listening=not both_open))
        self._paths = (Path(), Path())
        self._paths[0].before.extend(self._ends[0].opens())
        self._paths[1].before.extend(self._ends[1].opens() if both_open else ())
        self._now = 0.0
        self.seen: list[tuple[float, bool, Segment]] = []

    def step(self) -> None:
        """One thing happens: a segment passes the capture or arrives, an application acts, or a timer runs out."""
        rng = self._rng
        moves = [(side, half) for side in (0, 1) for half in (0, 1) if self._queue(side, half)]
        self._now += rng.choice(STEP)
        if moves and rng.random() < 0.8:
            self._move(*rng.choice(moves))
            return
        side = rng.randrange(2)
        self._paths[side].before.extend(self._ends[side].acts())
        if not moves:  # what is under way arrives before a timer runs out
            self._now += rng.choice(TIMER)
            self._paths[side].before.extend(self._ends[side].sends_again())

    def _queue(self, side: int, half: int) -> deque[Segment]:
        path = self._paths[side]
        return path.behind if half else path.before

    def _move(self, side: int, half: int) -> None:
        queue = self._queue(side, half)
        moved = [queue.popleft()]
        if queue and self._rng.random() < self._overtaking:
            moved.insert(0, queue.popleft())
        for segment in moved:
            kept = self._rng.random() >= self._loss
            for _ in range((1 + (self._rng.random() < self._copies)) * kept):
                if half:
                    self._paths[1 - side].before.extend(self._ends[1 - side].arrives(segment))
                else:
                    self.seen.append((self._now, side == 0, segment))
                    self._paths[side].behind.append(segment)


def connection(rng: Random) -> list[Packet]:
    """What a capture of one conforming connection holds; at least its first segment."""
    talk = Talk(rng, rng.choice((0.0, 0.0, 0.05, 0.2)), rng.choice((0.0, 0.0, 0.1)), rng.choice((0.0, 0.0, 0.1)))
    for _ in range(rng.randint(4, 60)):
        talk.step()
    return [Packet(n, time, from_client, segment) for n, (time, from_client, segment) in enumerate(talk.seen, 1)]


def thinned(packets: Sequence[Packet], rng: Random) -> list[Packet]:
    """The same with records missing: some at random, the start, the end, or one direction."""
    kept = list(packets)
    match rng.randrange(6):
        case 0:
            kept = kept[rng.randint(0, len(kept)) :]
        case 1:
            kept = kept[: rng.randint(0, len(kept))]
        case 2:
            side = rng.random() < 0.5
            kept = [packet for packet in kept if packet.from_client == side]
        case 3 | 4:
            chance = rng.choice((0.05, 0.2, 0.5))
            kept = [packet for packet in kept if rng.random() >= chance]
        case _:
            pass
    return reoriented(kept)


def reoriented(packets: Sequence[Packet]) -> list[Packet]:
    """As a reader gives them: where the opening SYN is missing, the client is who is seen first."""
    if not packets or any(p.segment.flags & SYN for p in packets[:1]):
        return list(packets)
    turned = not packets[0].from_client
    return [replace(packet, from_client=packet.from_client != turned) for packet in packets]
