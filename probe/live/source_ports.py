"""Source ports for many short connections: held, used in turn, and with sequence numbers that only go up."""

from __future__ import annotations

import random
from collections import deque

from probe.spec.seq import Seq
from probe.wire.guard import PortPool

PORTS = 4096
"""So many ports are used in turn: each rests while all the others have theirs."""


class Sources:
    """Hands out ports of a pool in turn.

    A port used again goes on above its last numbers, so that a peer in TIME-WAIT takes the new SYN for a new
    connection (RFC 9293 section 3.10.7.4, MAY-2).
    """

    def __init__(self, pool: PortPool, chance: random.Random) -> None:
        self._pool, self._chance = pool, chance
        self._rested: deque[int] = deque()
        self._numbers: dict[int, Seq] = {}

    def take(self) -> tuple[int, Seq]:
        """A held port and the initial sequence number to use from it."""
        fresh = len(self._pool) < PORTS or not self._rested
        port = self._pool.take() if fresh else self._pool.take(self._rested[0])
        if self._rested and self._rested[0] == port:
            self._rested.popleft()
        last = self._numbers.get(port)
        if last is None:
            return port, Seq(self._chance.getrandbits(32))
        return port, last + self._chance.randrange(1 << 16, 1 << 24)

    def give(self, port: int, reached: Seq) -> None:
        """The connection from the port has ended; ``reached`` is its SND.NXT."""
        self._pool.give(port)
        self._rested.append(port)
        self._numbers[port] = reached
