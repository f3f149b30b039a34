"""Where connections go as soon as they are known, and how none is lost or doubled when Ctrl-C comes just then."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from probe.results.connection import Connection


class Sink(Protocol):
    """Takes connections over, and passes them on."""

    def take(self, connections: Sequence[Connection]) -> None:
        """Take them over. Ctrl-C is held off meanwhile, so this must wait for nobody."""

    def flush(self) -> None:
        """Pass on what was taken; may wait for a reader, and be interrupted."""


@contextmanager
def held_off() -> Iterator[None]:
    """Ctrl-C and SIGTERM wait for the end of the block, where the system can do that."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
