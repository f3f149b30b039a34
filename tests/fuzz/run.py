"""Runs one campaign on several processes and watches them: failures, hangs that no alarm ends, processes that die."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from multiprocessing.sharedctypes import Synchronized

from tests.fuzz.campaign import Campaign
from tests.fuzz.worker import Found, work

PULSE = 0.5
START = 60.0
"""Seconds between looks at the workers; how long one may take to start on a loaded machine."""


@dataclass
class Outcome:
    """How a campaign went: cases run, and the failures, one of each kind."""

    campaign: Campaign
    cases: int = 0
    found: dict[str, Found] = field(default_factory=dict)


@dataclass
class _Worker:
    process: SpawnProcess
    results: Connection
    now: Synchronized[int]
    done: Synchronized[int]
    seen: tuple[int, float]

    def hangs(self, deadline: float) -> bool:
        """Whether no case has ended for so long that the worker's own alarm has failed too."""
        done, since = self.seen
        if self.done.value != done:
            self.seen = (self.done.value, time.monotonic())
            return False
        return time.monotonic() - since > (START + deadline if done == 0 else 3 * deadline)


def run(campaign: Campaign, seed: int, seconds: float, workers: int, report: Callable[[Found], None]) -> Outcome:
    """Run it for that long; ``report`` is called with the first failure of each kind.

    KeyboardInterrupt passes through after the workers are gone, with the outcome so far as its argument.
    """
    outcome = Outcome(campaign)
    team = [_started(campaign, seed + index, workers, seconds) for index in range(workers)]
    try:
        open_ends = {worker.results: worker for worker in team}
        while open_ends:
            for ready in wait(list(open_ends), PULSE):
                assert isinstance(ready, Connection)
                if not _took(open_ends[ready], outcome, report):
                    del open_ends[ready]
            for worker in [w for w in open_ends.values() if w.hangs(campaign.deadline)]:
                _note(outcome, report, _lost(worker, campaign, "Hang that its alarm does not end"))
                del open_ends[worker.results]
    except KeyboardInterrupt as error:
        outcome.cases = _dismiss(team)
        raise KeyboardInterrupt(outcome) from error
    outcome.cases = _dismiss(team)
    return outcome


def _started(campaign: Campaign, first: int, stride: int, seconds: float) -> _Worker:
    context = multiprocessing.get_context("spawn")
    results, send = context.Pipe(duplex=False)
    now, done = context.Value("q", first), context.Value("q", 0)
    process = context.Process(target=work, args=(campaign.name, first, stride, seconds, now, done, send), daemon=False)
    process.start()
    send.close()
    return _Worker(process, results, now, done, (0, time.monotonic()))


def _took(worker: _Worker, outcome: Outcome, report: Callable[[Found], None]) -> bool:
    """Take what the worker says; False when it was its last word."""
    try:
        found = worker.results.recv()
    except EOFError:
        worker.process.join()
        what = f"Worker ended by {signal_name(worker.process.exitcode)}"
        _note(outcome, report, _lost(worker, outcome.campaign, what))
        return False
    if found is not None:
        _note(outcome, report, found)
    return found is not None


def signal_name(code: int | None) -> str:
    """How a process ended: the signal's name or the exit code."""
    return signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"


def _lost(worker: _Worker, campaign: Campaign, what: str) -> Found:
    return Found(campaign.name, worker.now.value, what, f"{what}, in this case or soon after it\n")


def _note(outcome: Outcome, report: Callable[[Found], None], found: Found) -> None:
    if found.where not in outcome.found:
        outcome.found[found.where] = found
        report(found)


def _dismiss(team: list[_Worker]) -> int:
    """End what still runs; how many cases there were."""
    for worker in team:
        if worker.process.is_alive() and worker.process.pid is not None:
            worker.process.join(0 if worker.results.closed else PULSE)
            with suppress(ProcessLookupError):
                os.kill(worker.process.pid, signal.SIGKILL)
        worker.process.join()
        worker.results.close()
    return sum(worker.done.value for worker in team)
