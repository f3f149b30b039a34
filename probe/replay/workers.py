"""Processes of this machine that do tasks, and tasks done again where a process died."""

from __future__ import annotations

import ctypes
import multiprocessing
import pickle
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ProcessPoolExecutor
from contextlib import suppress
from typing import Any

from probe.wire.errors import WireError

TRIES = 3
"""How often a task is given to a worker before we give up."""
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""malloc.h"""
_LARGE = 1 << 18


def processes(count: int, *, frugal: bool = False) -> Executor:
    """Worker processes that leave Ctrl-C to us; ``frugal``: with little memory, for a tenth of their time.

    Forked where that is safe, which saves them their start; threads make it unsafe.
    """
    kinds = multiprocessing.get_all_start_methods()
    kind = "fork" if "fork" in kinds and threading.active_count() == 1 else "spawn"
    context = multiprocessing.get_context(kind)
    return ProcessPoolExecutor(count, mp_context=context, initializer=_begin, initargs=(frugal,))


def _begin(frugal: bool) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if frugal:
        return_memory()


def return_memory() -> None:
    """Memory that is done with goes back to the system, in this process, from now on.

    The C library's allocator keeps large blocks once some have been freed, in the hope of reuse. Replay works with
    arrays of a few megabytes, each of another size: what is kept so soon is twice what is in use. Where the C library
    has no such setting, nothing happens.
    """
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, _LARGE)
        library.mallopt(_TRIM_THRESHOLD, _LARGE)


def can_travel(thing: object) -> bool:
    """Whether something can be sent to another process."""
    try:
        pickle.dumps(thing)
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    return True


class Crew:
    """An executor that outlives the death of its workers. A context manager."""

    def __init__(self, make: Callable[[], Executor]) -> None:
        """``make`` gives an executor, each time a new one."""
        self._make = make
        self._executor = make()

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        # Waiting costs the tasks in progress at most; processes left to themselves can trip over their own end.
        self._executor.shutdown(cancel_futures=True)

    @property
    def width(self) -> int | None:
        """How many tasks the executor can do at a time, where it tells."""
        width: int | None = getattr(self._executor, "width", None)
        return width

    def results(self, tasks: Iterable[tuple[Any, ...]], ahead: int) -> Iterator[Any]:
        """``function(*arguments)`` for each (function, *arguments), in order, at most ``ahead`` of them at a time.

        A task whose worker died is done again: tasks must bear that. WireError when it dies time and again.
        """
        waiting: list[tuple[tuple[Any, ...], Future[Any]]] = []
        rest = iter(tasks)
        tries = 0
        while True:
            while len(waiting) < ahead and (task := next(rest, None)) is not None:
                waiting.append((task, self._submit(task)))
            if not waiting:
                return
            try:
                result = waiting[0][1].result()
            except (BrokenExecutor, CancelledError) as error:
                tries += 1
                if tries >= TRIES:
                    raise WireError(f"worker processes keep dying ({error}); try --workers 1") from error
                with suppress(BrokenExecutor):
                    self._executor.shutdown(wait=False, cancel_futures=True)
                self._executor = self._make()
                waiting = [(task, self._submit(task)) for task, _ in waiting]
                continue
            tries = 0
            waiting.pop(0)
            yield result

    def _submit(self, task: tuple[Any, ...]) -> Future[Any]:
        try:
            return self._executor.submit(*task)
        except BrokenExecutor as error:
            broken: Future[Any] = Future()
            broken.set_exception(error)
            return broken
