"""Judges every TCP connection of capture files, on as many processors as there are."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import Protocol

from probe.capture.cuts import cut
from probe.capture.errors import CaptureError
from probe.capture.reader import Part
from probe.capture.sources import STDIN, Progress, find
from probe.replay.deadline import Deadline
from probe.replay.joining import Joiner
from probe.replay.part import PartResult, replay_part
from probe.replay.tally import Asked, Tally
from probe.replay.workers import Crew, can_travel, processes, return_memory
from probe.results.artefacts import Suspicion
from probe.results.connection import Connection, Replay
from probe.results.expectations import of_captures
from probe.results.listing import Entry
from probe.results.verdict import Expected, Fate

PART = 24 << 20
"""Octets of one task: what a process reads before it hands over what it has."""
PART_LISTED = 8 << 20
"""The same where every connection is listed: they are handed on sooner, and few of them are held at a time."""
_SOME, _MUCH = 64 << 20, 256 << 20
"""Octets of all files above which memory counts for more than speed, where parts are joined and everywhere."""


class Sink(Protocol):
    """Takes connections over as soon as they are known, and passes them on."""

    def take(self, connections: Sequence[Entry]) -> None:
        """Take them over. Ctrl-C is held off meanwhile, so this must wait for nobody."""

    def flush(self) -> None:
        """Pass on what was taken; may wait for a reader, and be interrupted."""


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """What to replay and how.

    ``wanted`` chooses the connections to list, ``limit`` says how many, the worst first (None: all). ``sink`` is
    handed all of them as they are known, in the order in which they end. ``workers``: how many processes (None: one a
    core; 1: none but this one). ``executor`` makes the executor that does the work instead, with as many tasks at a
    time. ``progress`` is told the octets read of all files and their sum (None: not known). ``until`` (of
    ``time.monotonic``) is when it ends, whatever has been read. ``expected`` are deviations that are no news; those
    that name an end or an IP version cost time for each connection that may be meant.
    """

    files: tuple[str, ...]
    profile: str = "rfc9293"
    wanted: Callable[[Connection], bool] | None = None
    limit: int | None = None
    workers: int | None = None
    progress: Progress | None = None
    executor: Callable[[], Executor] | None = None
    sink: Sink | None = None
    until: float | None = None
    expected: tuple[Expected, ...] = ()


def replay(options: ReplayOptions) -> Replay:
    """Judge the files. The deadline and Ctrl-C end it early: what was found until then is returned.

    CaptureError where a name does not exist; WireError where worker processes keep dying. A file that cannot be read,
    or not to its end, is one of ``faults``.
    """
    began = time.perf_counter()
    with Deadline(options.until) as deadline:
        running = _Running(options, find(options.files).files, deadline)
        try:
            running.run()
        except KeyboardInterrupt:
            running.interrupted = not deadline.came
    running.close_file()
    return running.outcome(time.perf_counter() - began)


@dataclass(frozen=True, slots=True)
class _Task:
    """A part; ``last``: of its file."""

    part: Part
    last: bool


@dataclass(slots=True)
class _Running:
    """One replay on its way, file after file, part after part."""

    options: ReplayOptions
    files: tuple[str, ...]
    deadline: Deadline
    tally: Tally = field(default_factory=Tally)
    records: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[str, int, str]] = field(default_factory=list)
    suspicions: tuple[Suspicion, ...] = ()
    interrupted: bool = False
    _sizes: dict[str, int | None] = field(default_factory=dict)
    _joiner: Joiner | None = None
    _file: str = ""
    _failed: bool = False
    _end: int | None = None
    _done: int = 0
    _total: int | None = None

    def run(self) -> None:
        self._sizes = {file: _size(file) for file in self.files}
        sizes = [self._sizes[file] for file in self.files]  # a file may be named twice
        self._total = None if None in sizes else sum(size or 0 for size in sizes)
        if STDIN in self.files:  # only this process has it: those of a pool are given an empty one
            task = _Task(Part(STDIN), True)
            self._take(task, self._here(task))
        if self.options.executor is not None:
            with Crew(self.options.executor) as crew:
                width = self.options.workers or crew.width or _cores()
                self._spread(crew, self._tasks(width), width)
            return
        # One process where the filter cannot be sent to another.
        workers = (self.options.workers or _cores()) if can_travel(self.options.wanted) else 1
        tasks = self._tasks(workers)
        some = list(islice(tasks, 2))
        if workers > 1 and len(some) > 1:
            frugal = (self._total or 0) > _MUCH
            if frugal:
                return_memory()
            with Crew(partial(processes, workers, frugal=frugal)) as crew:
                self._spread(crew, chain(some, tasks), workers)
            return
        for task in chain(some, tasks):
            self._take(task, self._here(task))

    def _tasks(self, workers: int) -> Iterator[_Task]:
        """The parts of all files. A file that cannot be opened is left to the one who reads it."""
        share = -(-workers // len(self.files)) if self.files else 1
        listed = self.options.limit is None or self.options.sink is not None
        octets = PART_LISTED if listed else PART
        for file in filter(STDIN.__ne__, self.files):
            size = self._sizes[file] or 0
            count = max(share, -(-size // octets)) if workers > 1 or self.options.executor else 1
            try:
                parts = cut(file, count)
            except CaptureError:
                parts = [Part(file)]
            for part, following in pairwise([*parts, None]):
                if part is not None:
                    yield _Task(part, following is None)

    def _spread(self, crew: Crew, tasks: Iterator[_Task], width: int) -> None:
        given: list[_Task] = []

        def calls() -> Iterator[tuple[object, ...]]:
            for task in tasks:
                given.append(task)
                # Workers of another machine stand in another folder.
                part = replace(task.part, path=str(Path(task.part.path).absolute()))
                yield partial(replay_part, last=task.last), part, self._asked(task.part.path)

        for result in self.deadline.each(crew.results(calls(), width + 1)):
            if (self._total or 0) > _SOME:
                return_memory()  # joining is little work; the workers, forked by now, keep what is fast for them
            task = given.pop(0)
            self._take(task, result)
            self._done += (task.part.end or self._sizes[task.part.path] or 0) - task.part.start
            if self.options.progress:
                self.options.progress(self._done, self._total)

    def _here(self, task: _Task) -> PartResult:
        progress = self.options.progress
        done, total = self._done, self._total
        tell = None if progress is None else lambda octets, _: progress(done + octets, total)
        drain = self._drain if task.part.start == 0 else None  # numbers of later parts hang on those before
        asked = self._asked(task.part.path)
        result = replay_part(task.part, asked, last=task.last, progress=tell, drain=drain, deadline=self.deadline)
        self._done += self._sizes[task.part.path] or 0
        return result

    def _asked(self, file: str) -> Asked:
        limit = self.options.limit if self.options.sink is None else None
        return Asked(file, self.options.profile, self.options.wanted, limit, of_captures(self.options.expected))

    def _drain(self, known: Tally) -> None:
        """Hand on what is listed in ``known``, and keep the worst of it."""
        sink = self.options.sink
        with _held_off():
            listed, known.listed = known.listed, []
            if sink is not None and listed:
                sink.take(listed)
            self.tally.listed += listed
            self.tally.trim(self.options.limit)
        if sink is not None:
            sink.flush()

    def _take(self, task: _Task, result: PartResult) -> None:
        """One result, in order."""
        if self._joiner is None or task.part.start == 0:
            self.close_file()
            self._joiner, self._failed, self._end = Joiner(self._asked(task.part.path)), False, None
            self._file = task.part.path
        if self._failed:
            return  # behind a fault nothing can be trusted
        if self._end is not None and self._end != task.part.start:
            # The cut was a guess, and wrong: no record starts there.
            part = replace(task.part, start=self._end)
            result = replay_part(part, self._asked(task.part.path), last=task.last)
        self._joiner.add(result)
        self._drain(self._joiner.tally)
        self.records += result.records
        self.skipped.update(result.skipped)  # of fragments, one part may count what another has too much
        self._end = result.offset
        if result.fault is not None:
            self._failed = True
            self.faults.append((task.part.path, result.fault.offset, result.fault.reason))
        if result.interrupted:
            raise KeyboardInterrupt

    def close_file(self) -> None:
        """The file is over, or there is no more to come of it."""
        if self._joiner is not None:
            self._joiner.finish()
            self._drain(self._joiner.tally)
            self.suspicions += self._joiner.tally.suspicions(self._file)
            self.tally.merge(self._joiner.tally, self.options.limit)
            self._joiner = None

    def outcome(self, seconds: float) -> Replay:
        tally, expected = self.tally, self.options.expected
        whole = not (self.faults or self.interrupted or self.deadline.came)
        fates = tally.fates(of_captures(expected), whole=whole)
        place = {file: at for at, file in enumerate(self.files)}
        listed = sorted(tally.listed, key=lambda one: (one.rank, place[one.model.file], one.first_packet))
        return Replay(
            files=self.files,
            profile=self.options.profile,
            records=self.records,
            connections=tally.connections,
            skipped=dict(+self.skipped),
            counts=dict(tally.counts.most_common()),
            verdicts=dict(tally.verdicts),
            listed=tuple(one.connection for one in listed),
            faults=tuple(self.faults),
            interrupted=self.interrupted,
            seconds=seconds,
            evidence=dict(tally.evidence.most_common()),
            # Of expectations that speak of no capture nothing is known.
            expected=tuple(replace(one, fate=fates.get(one, Fate.OPEN)) for one in expected),
            known=tally.known,
            deviations=dict(tally.deviations.most_common()),
            late=self.deadline.came,
            oddities=dict(tally.oddities.most_common()),
            timeline=tally.timeline.told(),
            troubles=tally.troubles.told(),
            suspicions=self.suspicions,
        )


@contextmanager
def _held_off() -> Iterator[None]:
    """Ctrl-C and SIGTERM wait for the end of the block, where the system can do that: nothing is lost or doubled."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _size(file: str) -> int | None:
    return Path(file).stat().st_size if file != STDIN and Path(file).is_file() else None
