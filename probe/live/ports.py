"""Ports: those of the target where nothing listens, and our own for many connections in turn."""

from __future__ import annotations

import random
import socket
from collections import deque
from contextlib import closing

from probe.engine.judge.attempt import Opinion
from probe.results.verdict import Verdict
from probe.spec.segment import Endpoint
from probe.spec.seq import Seq
from probe.wire.addresses import family
from probe.wire.guard import PortPool

CANDIDATES = (1, 9, 61000)
"""tcpmux, discard, and one of the dynamic range: rarely served."""
PORTS = 4096
"""So many ports are used in turn: each rests while all the others have theirs."""


class ClosedPorts:
    """Hands out a port to be refused at: the user's, one known to be free (a peer of this machine), or a guess."""

    def __init__(self, target: Endpoint, given: int | None, pool: PortPool, *, local: bool) -> None:
        """``pool`` holds our own ports: on the peer's machine it must not come to hold one of these, and silence it."""
        self._target = target
        self._todo = list(CANDIDATES)
        if given is not None:
            self._todo = [given]
        elif local:
            with closing(socket.socket(family(target.address), socket.SOCK_STREAM)) as probe:
                probe.bind((target.address, 0))
                self._todo = [probe.getsockname()[1]]
        pool.spared.update(self._todo)

    def endpoint(self) -> Endpoint:
        """The endpoint to try now."""
        return Endpoint(self._target.address, self._todo[0])

    def heard(self, opinion: Opinion) -> None:
        """An open port is no use: go on with the next guess, if there is one."""
        if opinion.word is Verdict.SKIP and len(self._todo) > 1:
            self._todo.pop(0)


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
