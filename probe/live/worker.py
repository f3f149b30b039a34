"""The checks (or matrices) of one host, one after another, in a process of their own: what each finds is sent.

Ctrl-C is the parent's business: a worker ignores it and stops on SIGTERM, which reaches it only while its loop waits
for the line, so that no result is cut in two or lost.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from types import FrameType

from probe.live import check, matrix
from probe.live.options import CheckOptions, MatrixOptions
from probe.results.matrix import MatrixRun
from probe.results.verdict import ExchangeResult, Run
from probe.spec.segment import Endpoint
from probe.wire.errors import TargetError, WireError
from probe.wire.namespace import pdeathsig


@dataclass(frozen=True, slots=True)
class Job:
    """One target with what its check is told; ``number`` is its place in the order of the report.

    ``name`` is what the user calls it, ``host`` the name or address it was found by. With ``matrix`` the matrix is
    played instead of the check.
    """

    number: int
    target: Endpoint
    options: CheckOptions = field(default_factory=CheckOptions)
    name: str = ""
    host: str = ""
    matrix: MatrixOptions | None = None


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet for the recording, as ``Recorder.add`` takes it."""

    packet: bytes
    time: float
    comments: tuple[str, ...]
    sent: bool | None


@dataclass(slots=True)
class Shelf:
    """Keeps what a check records until its turn in the file has come."""

    packets: list[Packet] = field(default_factory=list)

    @property
    def count(self) -> int:
        """So many packets are kept; numbers count from 1 here."""
        return len(self.packets)

    def add(self, packet: bytes, time: float, comments: Sequence[str] = (), *, sent: bool | None = None) -> int:
        """Keep one more."""
        self.packets.append(Packet(packet, time, tuple(comments), sent))
        return len(self.packets)

    def flush(self) -> None:
        """Nothing is written yet."""


@dataclass(frozen=True, slots=True)
class Going:
    """So many exchanges of a job's check are done."""

    job: Job
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Judged:
    """An exchange of a job's check has its verdict; only where nothing is recorded, as packets have no number yet."""

    job: Job
    result: ExchangeResult


@dataclass(frozen=True, slots=True)
class Found:
    """A job's check or matrix ended."""

    job: Job
    run: Run | MatrixRun
    packets: tuple[Packet, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """A job's check could not begin, or the process that did it died."""

    job: Job
    error: WireError | TargetError


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing more comes; ``interrupted`` where something was left out because of a signal."""

    interrupted: bool = False


Event = Going | Judged | Found | Failed | Ended
Tell = Callable[[Event], None]


def walk(jobs: Sequence[Job], tell: Tell, *, recorded: bool) -> None:
    """Check one job after another and tell what comes of each; trouble with one costs the next nothing."""
    tell(Ended(any(_one(job, tell, recorded=recorded) for job in jobs)))


def _one(job: Job, tell: Tell, *, recorded: bool) -> bool:
    """Whether it was interrupted."""
    shelf = Shelf() if recorded else None

    def going(done: int, total: int) -> None:
        tell(Going(job, done, total))

    run: Run | MatrixRun | None = None
    stopped = False
    try:
        if job.matrix is not None:
            run = matrix.matrix(job.target, replace(job.matrix, recorder=shelf, progress=going))
        else:
            told = None if recorded else lambda result: tell(Judged(job, result))
            run = check.check(job.target, replace(job.options, recorder=shelf, progress=going, told=told))
    except KeyboardInterrupt:
        stopped = True
    except (WireError, TargetError) as error:
        tell(Failed(job, error))
        return False
    if run is not None:
        tell(Found(job, run, tuple(shelf.packets) if shelf else ()))
        stopped |= run.interrupted and not run.trouble
    return stopped


def work(outbox: Connection, jobs: Sequence[Job], *, recorded: bool, parent: int) -> None:
    """The whole life of a worker, begun with the signals of ``loop.STOPPING`` blocked."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def once(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, once)
    pdeathsig()
    if os.getppid() != parent:  # it died before we could ask to be told
        return

    with suppress(BrokenPipeError):  # nobody listens any more
        walk(jobs, outbox.send, recorded=recorded)
