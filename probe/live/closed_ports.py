"""Ports of the target where, as far as one can guess, nothing listens."""

from __future__ import annotations

import socket
from contextlib import closing

from probe.engine.judge.attempt import Opinion
from probe.results.verdict import Verdict
from probe.spec.segment import Endpoint

CANDIDATES = (1, 9, 61000)
"""tcpmux, discard, and one of the dynamic range: rarely served."""


class ClosedPorts:
    """Hands out a port to be refused at: the user's, one known to be free (a peer of this machine), or a guess."""

    def __init__(self, target: Endpoint, given: int | None, *, local: bool) -> None:
        self._target = target
        self._todo = [given] if given is not None else ([_free(target)] if local else list(CANDIDATES))

    def endpoint(self) -> Endpoint:
        """The endpoint to try now."""
        return Endpoint(self._target.address, self._todo[0])

    def heard(self, opinion: Opinion) -> None:
        """An open port is no use: go on with the next guess, if there is one."""
        if opinion.word is Verdict.SKIP and len(self._todo) > 1:
            self._todo.pop(0)


def _free(target: Endpoint) -> int:
    family = socket.AF_INET6 if target.version == 6 else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.bind((target.address, 0))
        return int(probe.getsockname()[1])
