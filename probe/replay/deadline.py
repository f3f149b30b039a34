"""The deadline of a replay: it comes where nothing is half done, and while it waits for input or for others."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import islice
from types import FrameType
from typing import TypeVar

_Item = TypeVar("_Item")
_SOON = 1e-3


class LateError(KeyboardInterrupt):
    """The deadline came. It ends a replay the way Ctrl-C does."""


class Deadline:
    """A moment of ``time.monotonic`` (None: never). ``came`` once it has ended something. A context manager.

    A wait is only cut short in the main thread of systems with interval timers; elsewhere it is noticed after it.
    """

    def __init__(self, until: float | None) -> None:
        self.came = False
        self._until = until
        self._open = False
        self._before: object = None
        main = threading.current_thread() is threading.main_thread()
        self._armed = until is not None and main and hasattr(signal, "setitimer")

    def __enter__(self) -> Deadline:
        if self._armed:
            self._before = signal.signal(signal.SIGALRM, self._ring)
        return self

    def __exit__(self, *_: object) -> None:
        if self._armed:
            signal.signal(signal.SIGALRM, self._before)  # type: ignore[arg-type]  # what signal.signal gave

    def check(self) -> None:
        """LateError if it is over."""
        if self._until is not None and time.monotonic() >= self._until:
            self.came = True
            raise LateError

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """LateError may come at any time within: nothing that is kept may be half done there."""
        self.check()
        if self._until is None or not self._armed:
            yield
            self.check()
            return
        try:
            self._open = True
            signal.setitimer(signal.ITIMER_REAL, max(_SOON, self._until - time.monotonic()))
            yield
        finally:
            self._open = False  # a signal that is on its way must not hit what follows
            signal.setitimer(signal.ITIMER_REAL, 0)

    def each(self, items: Iterable[_Item]) -> Iterator[_Item]:
        """The items; LateError where the next one is waited for."""
        source = iter(items)
        if self._until is None:
            yield from source
            return
        while True:
            with nullcontext() if self.came else self.waiting():  # once it came, the source ends with what it has
                found = list(islice(source, 1))
            if not found:
                return
            yield found[0]

    def _ring(self, number: int, frame: FrameType | None) -> None:
        if self._open:
            self.came = True
            raise LateError


NEVER = Deadline(None)
