"""Ports: those of the target where nothing listens, and our own for many connections in turn."""

from __future__ import annotations

import random
import socket
from collections import deque
from contextlib import closing

from probe.engine.play.knock import Answer, Knock
from probe.engine.trial.attempt import Attempt
from probe.spec.segment import Endpoint
from probe.spec.seq import Seq
from probe.wire.addresses import family
from probe.wire.guard import PortPool

CANDIDATES = (1, 9, 61000)
"""tcpmux, discard, and one of the dynamic range: rarely served."""
PORTS = 4096
"""So many ports are used in turn: each rests while all the others have theirs."""


class ClosedPorts:
    """Finds a port to be refused at: the user's, one known to be free (a peer of this machine), or the best guess.

    All candidates are knocked at side by side; the first in their order that refuses is taken, however late.
    """

    def __init__(self, target: Endpoint, given: int | None, pool: PortPool, *, local: bool) -> None:
        """``pool`` holds our own ports: on the peer's machine it must not come to hold one of these, and silence it."""
        self._address = target.address
        self._given = given is not None
        self._candidates: tuple[int, ...] = CANDIDATES
        if given is not None:
            self._candidates = (given,)
        elif local:
            with closing(socket.socket(family(target.address), socket.SOCK_STREAM)) as probe:
                probe.bind((target.address, 0))
                self._candidates = (probe.getsockname()[1],)
        pool.spared.update(self._candidates)
        self._todo = deque(self._candidates)
        self._knocked: dict[int, Knock] = {}

    def next(self) -> Endpoint | None:
        """The next endpoint to knock at; None where all were."""
        return Endpoint(self._address, self._todo.popleft()) if self._todo else None

    def concerns(self, attempt: Attempt) -> bool:
        """Whether an attempt is a knock at one of them."""
        return isinstance(attempt.conductor, Knock) and attempt.flow.remote.port in self._candidates

    def heard(self, attempt: Attempt) -> None:
        """A knock has ended."""
        assert isinstance(attempt.conductor, Knock)
        self._knocked[attempt.flow.remote.port] = attempt.conductor

    @property
    def known(self) -> bool:
        """Whether it is known which port refuses, or that none does."""
        return self._found is not None or len(self._knocked) == len(self._candidates)

    @property
    def endpoint(self) -> Endpoint:
        """The one that refuses; the likeliest, as long as that is not known."""
        return Endpoint(self._address, self._found or self._candidates[0])

    @property
    def lacking(self) -> str:
        """Why there is none, and the mend, as a sentence; empty where there is one."""
        if not self.known or self._found is not None:
            return ""
        told = ", ".join(f"{port} {_told(self._knocked[port])}" for port in self._candidates)
        mend = "name one that refuses" if self._given else "name one that does with --closed-port"
        return f"no closed port is known to answer ({told}): {mend}"

    @property
    def _found(self) -> int | None:
        for port in self._candidates:
            if (knock := self._knocked.get(port)) is None:
                return None
            if knock.answer is Answer.REFUSED:
                return port
        return None


def _told(knock: Knock) -> str:
    return f"{knock.icmp.words}" if knock.icmp is not None else _ANSWERS[knock.answer or Answer.SILENT]


_ANSWERS = {Answer.OPEN: "is open", Answer.REFUSED: "refuses", Answer.SILENT: "is filtered"}


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
