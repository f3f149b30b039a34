"""A Dask scheduler and its workers on loopback, as a user starts them, each a process of its own."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 60


class Started:
    """A process of ``dask``, whose output is read all the time."""

    def __init__(self, *command: str, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dask", *command],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._lines.put(line)
        self._lines.put("")

    def says(self, pattern: str) -> str:
        """The first group of the first line that matches."""
        seen = []
        while line := self._lines.get(timeout=DEADLINE):
            if found := re.search(pattern, line):
                return found[1]
            seen.append(line)
        raise AssertionError("dask ended: " + "".join(seen))

    def kill(self) -> None:
        """At once, as a machine fails; does nothing to one that has ended."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(DEADLINE)
        self._reader.join(DEADLINE)
        assert self.process.stderr is not None
        self.process.stderr.close()


class Cluster:
    """A scheduler at ``address`` and, by process id, its workers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.scheduler = Started("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", folder=folder)
        self.workers: dict[int, Started] = {}
        self.address = self.scheduler.says(r"Scheduler at:\s+(tcp://\S+)")

    def add_worker(self) -> int:
        """The process id of one more worker, which takes one task at a time and is not started again when it dies."""
        words = ["--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--no-dashboard", "--memory-limit", "0"]
        worker = Started("worker", self.address, *words, "--local-directory", str(self._folder), folder=self._folder)
        self.workers[worker.process.pid] = worker
        worker.says(r"(Registered to)")
        return worker.process.pid

    def kill_all(self) -> None:
        """Everything that still runs."""
        for started in (*self.workers.values(), self.scheduler):
            started.kill()


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[Cluster]:
    """A cluster that is gone afterwards."""
    made = Cluster(folder)
    try:
        for _ in range(workers):
            made.add_worker()
        yield made
    finally:
        made.kill_all()
