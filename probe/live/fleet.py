"""Checks of many hosts side by side, a process a host: the timing of one does not disturb the judgement of another."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkContext, SpawnContext
from multiprocessing.process import BaseProcess

from probe.live.loop import signals
from probe.live.worker import Ended, Failed, Found, Job, Tell, work
from probe.wire.craft import warm
from probe.wire.errors import WireError

FAREWELL = 15.0
"""Seconds that interrupted workers have to reset their connections and hand over what they found."""


@dataclass(slots=True)
class _Worker:
    """A lane under way; ``open`` are its jobs of which nothing final was heard."""

    process: BaseProcess
    open: list[Job]


class Fleet:
    """Works off lanes (the jobs of one host, in order), ``jobs`` of them at a time; ``tell`` hears every event.

    ``recorded`` has each result come with its packets. ``ordered`` holds a result back until those of the jobs with
    lower numbers have come, so that the packets of a recording have the same order in every run. On KeyboardInterrupt
    the workers end what they are at and hand over what they have; then it is raised again.
    """

    def __init__(
        self, lanes: Iterable[Sequence[Job]], jobs: int, tell: Tell, *, recorded: bool = False, ordered: bool = False
    ) -> None:
        self._waiting = deque(lanes)
        self._jobs = jobs
        self._tell = tell
        self._recorded = recorded
        self._live: dict[Connection, _Worker] = {}
        # Forked where that is safe, which saves workers their start; threads make it unsafe.
        fork = "fork" in multiprocessing.get_all_start_methods() and threading.active_count() == 1
        get = multiprocessing.get_context
        self._context: ForkContext | SpawnContext = get("fork") if fork else get("spawn")
        self._ordered = ordered
        self._held: dict[int, Found | Failed] = {}

    def run(self) -> None:
        """Until every lane has ended."""
        if isinstance(self._context, ForkContext):
            warm()
        # Signals come through only while we wait, so that no message is read by half and no worker starts unheeded.
        with signals(signal.SIG_BLOCK):
            try:
                while self._waiting or self._live:
                    while self._waiting and len(self._live) < self._jobs:
                        self._start(self._waiting.popleft())
                    self._listen(None)
            except KeyboardInterrupt:
                self._interrupt()
                raise
            finally:
                for connection in list(self._live):
                    self._live[connection].process.kill()
                    self._over(connection)
                self._release()

    def _start(self, lane: Sequence[Job]) -> None:
        ours, theirs = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=work, args=(theirs, lane), kwargs={"recorded": self._recorded, "parent": os.getpid()}, daemon=True
        )
        process.start()
        theirs.close()
        self._live[ours] = _Worker(process, list(lane))

    def _listen(self, patience: float | None) -> None:
        with signals(signal.SIG_UNBLOCK):
            ready = wait(list(self._live), patience)
        for connection in ready:
            assert isinstance(connection, Connection)
            self._hear(connection, self._live[connection])

    def _hear(self, connection: Connection, worker: _Worker) -> None:
        try:
            event = connection.recv()
        except (EOFError, OSError):
            self._over(connection)
            code = worker.process.exitcode
            how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
            for job in worker.open:
                why = f"{job.target}: the process that checked it died ({how}); check it again with --jobs 1"
                self._final(Failed(job, WireError(why)))
            return
        if isinstance(event, Ended):
            self._over(connection)
        elif isinstance(event, Found | Failed):
            worker.open.remove(next(job for job in worker.open if job.number == event.job.number))
            self._final(event)
            return
        self._tell(event)

    def _final(self, event: Found | Failed) -> None:
        """What came of a job: told at once, or after those before it."""
        if not self._ordered:
            self._tell(event)
            return
        self._held[event.job.number] = event
        waiting = [job.number for lane in self._waiting for job in lane]
        waiting += [job.number for worker in self._live.values() for job in worker.open]
        self._release(min(waiting, default=None))

    def _release(self, below: int | None = None) -> None:
        """Tell what was held back of the jobs below that number, or of all."""
        for number in sorted(self._held):
            if below is None or number < below:
                self._tell(self._held.pop(number))

    def _over(self, connection: Connection) -> None:
        worker = self._live.pop(connection)
        connection.close()
        worker.process.join()

    def _interrupt(self) -> None:
        """Have the workers end; a second interruption, or too long a wait, ends them at once."""
        self._waiting.clear()
        for worker in self._live.values():
            worker.process.terminate()
        deadline = time.monotonic() + FAREWELL
        while self._live and (left := deadline - time.monotonic()) > 0:
            self._listen(left)
