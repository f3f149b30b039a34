"""What every live run has: the line, the loop over it, chance, patience, how it ends, and what is kept of it.

A run on top of it says what comes next (a supply of attempts) and what an attempt that has ended means.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from probe.engine.belief.tracker import CLOSED, UNKNOWN_PORT, Belief, Memory, Terms, allowed
from probe.engine.play.conductor import Conductor, Setting
from probe.engine.play.habits import Habits
from probe.engine.trial.attempt import Attempt
from probe.engine.trial.hearing import Hearing
from probe.live.line import Line
from probe.live.loop import Finished, Loop, OutOfTimeError, Supply
from probe.live.options import Options
from probe.live.pacing import Pace
from probe.recording.metadata import RunMetadata
from probe.recording.writing import save, save_packets
from probe.results.answers import Summary
from probe.results.learned import USUAL_ANSWER
from probe.results.verdict import ExchangeResult, Run
from probe.scenarios.steps import Scenario
from probe.scenarios.triggers import NONE, Trigger
from probe.spec.segment import Endpoint, Flow
from probe.spec.seq import Seq
from probe.wire.errors import WireError
from probe.wire.link import Arrival

FIRST_PATIENCE = 3.0
"""Seconds a reply may take of a peer that is not of this machine, before anything is known of the path."""


class Frame:
    """One live run in progress. Entered around what it plays, it takes up what ends a run before its work is done.

    That is Ctrl-C (``interrupted``), the deadline (``late``) or a line that fails (``trouble`` says how): what was
    found until then stands. ``habits`` is what the attempts have told of the peer and the path so far.
    """

    def __init__(
        self,
        line: Line,
        options: Options,
        *,
        pace: Pace | None = None,
        admit: Callable[[Arrival], bool] | None = None,
        asks_kernel: bool = True,
        at_hand: float = USUAL_ANSWER,
    ) -> None:
        """``at_hand`` is the patience with a peer whose round trips take next to nothing."""
        self.line, self.options, self.began = line, options, time.monotonic()
        self.interrupted = self.late = False
        self.trouble = ""
        recorder = options.recorder
        self.loop = Loop(
            line.link,
            line.table if asks_kernel and line.local and line.table.available else None,
            recorded=None if recorder is None else recorder.count,
            ask=None if line.asker is None else line.asker.ask,
            admit=admit,
            pace=pace,
            until=options.until,
            watch=self._watch,
        )
        self.memory = Memory()
        self.random = random.Random(options.seed)  # ISNs of a test tool, repeatable by seed
        self.habits = Habits(options.patience, at_hand, at_hand if line.local else FIRST_PATIENCE)
        self.habits.takes(line.mtu)
        self._lent: set[int] = set()
        self._dropped = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.late = isinstance(error, OutOfTimeError)
        self.trouble = str(error) if isinstance(error, WireError) else ""
        self.interrupted = isinstance(error, KeyboardInterrupt | WireError)
        return self.late or self.interrupted

    # -- attempts --------------------------------------------------------------------------------------------------

    def setting(self, scenario: Scenario, trigger: Trigger = NONE, start: Belief | None = None) -> Setting:
        """What an exchange is played with; a peer that opens was CLOSED before, of another no more is known."""
        first = UNKNOWN_PORT if scenario.opens == "us" else CLOSED
        return Setting(
            iss=Seq(self.random.getrandbits(32)),
            trigger=trigger,
            terms=Terms(self.options.profile, allowed(scenario)),
            start=first if start is None else start,
            habits=self.habits,
            memory=self.memory,
        )

    def attempt(self, conductor: Conductor, remote: Endpoint) -> Attempt:
        """From a source port of its own, lent until ``play`` hands the attempt out."""
        scenario, port = conductor.scenario, self.line.pool.take()
        self._lent.add(port)
        if scenario.opens == "peer":
            remote = Endpoint(remote.address, 0)  # the peer will choose
        flow = Flow(Endpoint(self.line.pool.address, port), remote)
        return Attempt(scenario, conductor, flow, path_delay=self.habits.path_delay)

    def play(self, supply: Supply, finished: Finished, parallel: int) -> None:
        """Run what ``supply`` gives, ``parallel`` at a time, and hand each attempt that has ended to ``finished``."""

        def over(attempt: Attempt) -> None:
            port = attempt.flow.local.port
            if port in self._lent:
                self._lent.remove(port)
                self.line.pool.give(port)
            self.habits.heard(attempt.conductor.transcript)
            finished(attempt)

        self.loop.run(supply, over, parallel)

    def _watch(self) -> None:
        """DownError once the peer, or the way to it, is known to be gone."""
        if self.options.watch is not None:
            self.options.watch()
        if self.line.route is not None:
            self.line.route()

    def go_on(self, line: Line) -> None:
        """Over another line to the same peer, in place of one that failed."""
        self._dropped = self.dropped
        line.pool.spared |= self.line.pool.spared
        self.line, self.loop.link = line, line.link
        self.loop.ask = None if line.asker is None else line.asker.ask

    # -- what is kept ----------------------------------------------------------------------------------------------

    @property
    def seconds(self) -> float:
        """How long the run has lasted."""
        return time.monotonic() - self.began

    @property
    def dropped(self) -> int:
        """Packets that our own receive buffer lost."""
        return self._dropped + self.line.link.dropped()

    def warnings(self, more: Sequence[str] = ()) -> tuple[str, ...]:
        """Of the ports, of the run's own, and of the peer's application that could not be asked; empty ones go."""
        unasked = self.line.asker.failures[:1] if self.line.asker is not None else []
        return tuple(w for w in (self.line.caveat, *more, *unasked) if w)

    def run(
        self,
        target: str,
        ip_version: int,
        summary: Summary,
        results: tuple[ExchangeResult, ...],
        warnings: Sequence[str] = (),
        **more: Any,  # noqa: ANN401  # further fields of Run
    ) -> Run:
        """The record of a run of exchanges."""
        return Run(
            target,
            ip_version,
            summary,
            results,
            self.warnings(warnings),
            self.seconds,
            self.interrupted,
            self.trouble,
            late=self.late,
            learned=self.habits.learned,
            **more,
        )

    def save(self, hearing: Hearing, run: Run) -> None:
        """Write the recording, where one is made, so that it can be judged again."""
        if self.options.recorder is not None:
            save(self.options.recorder, self.loop.arrivals, hearing, run, self.line.caveat)

    def save_unanswered(self, target: Endpoint, sentence: str) -> None:
        """Write the recording of a run that ended before its first exchange, and why."""
        if self.options.recorder is not None:
            metadata = RunMetadata(target, (), unanswered=sentence, seconds=self.seconds)
            save_packets(self.options.recorder, self.loop.arrivals, {}, metadata)

    def write(self, comments: Mapping[int, Sequence[str]]) -> None:
        """Write every packet seen with what it was, in the order of the wire."""
        recorder = self.options.recorder
        if recorder is None:
            return
        for arrival in self.loop.arrivals:
            about = comments.get(arrival.number + self.loop.recorded, ())
            recorder.add(arrival.packet, arrival.time, about, sent=arrival.sent)
        recorder.flush()
