"""The check of one target: which exchanges run, how often, in what order; attempts to verdicts to a Run."""

from __future__ import annotations

import random
import time
from collections import deque
from fnmatch import fnmatchcase

from probe import scenarios
from probe.engine.belief.tracker import CLOSED, UNKNOWN_PORT, Terms, allowed
from probe.engine.judge.answers import summarize
from probe.engine.judge.attempt import Doubt, Opinion, judge
from probe.engine.judge.jury import heard_enough
from probe.engine.play.conductor import Conductor, Setting
from probe.engine.trial.attempt import Attempt, case_of
from probe.engine.trial.hearing import FIRST, Hearing
from probe.live.backlog import Backlog
from probe.live.closed_ports import ClosedPorts
from probe.live.ending import Ending
from probe.live.line import Line, open_line
from probe.live.loop import End, Loop
from probe.live.options import CheckOptions
from probe.live.pacing import Pace
from probe.live.patience import FIRST_PATIENCE, LOCAL_PATIENCE, SCHEDULING, patience, round_trip
from probe.live.triggers import Detection, known_trigger
from probe.recording.writing import save
from probe.results.verdict import Run, Verdict, Why
from probe.scenarios.steps import Expect, Scenario
from probe.scenarios.triggers import NONE, missing
from probe.spec.segment import Endpoint, Flow
from probe.spec.seq import Seq
from probe.wire.addresses import zone_suffix
from probe.wire.ask import Asker

CAREFUL = 2
"""How many exchanges in doubt are played again side by side."""


def check(target: Endpoint, options: CheckOptions | None = None) -> Run:
    """Play the exchanges against ``target`` and judge them; WireError or TargetError when that cannot begin."""
    chosen = options or CheckOptions()
    with (
        open_line(target, source=chosen.source, interface=chosen.interface, guarded=chosen.guarded) as place,
        Asker(target, zone=zone_suffix(target.address, chosen.interface)) as asker,
    ):
        return _Check(target, chosen, place, asker).run()


class _Check:
    """One check in progress."""

    def __init__(self, target: Endpoint, options: CheckOptions, place: Line, asker: Asker) -> None:
        self.target, self.options, self.link, self.pool = target, options, place.link, place.pool
        self.patience = options.patience or (LOCAL_PATIENCE if place.local else FIRST_PATIENCE)
        self.random = random.Random(options.seed)  # ISNs of a test tool, repeatable by seed
        self.asker = asker
        pace = options.pace or Pace()
        recorded = options.recorder.count if options.recorder is not None else 0
        self.loop = Loop(
            place.link, place.table, recorded=recorded, ask=asker.ask, pace=pace, end=End(options.until, options.watch)
        )
        self.crowd = Backlog(options.parallel, pace)
        self.closed = ClosedPorts(target, options.closed_port, local=place.local)
        self.detection = Detection(known_trigger(options.trigger))
        self.scenarios = _chosen(options)
        self.hearing = Hearing(target, self.scenarios)
        for scenario in self.scenarios:
            self.hearing.add(scenario)
        self.queue: deque[Scenario] = deque()
        self.again: list[Scenario] = []
        self.waiting: list[Scenario] = []
        self.path_delay = SCHEDULING
        self.brisk = 0

    def run(self) -> Run:
        """Preflight, detection of the trigger, then everything side by side."""
        began = time.monotonic()
        with Ending() as end:
            if self._reachable():
                self._start_all()
            else:
                self._start([s for s in self.scenarios if s.port == "closed"])
        dropped = self.link.losses().dropped
        results = self.hearing.results(dropped=dropped, interrupted=end.interrupted, late=end.late)
        seconds = time.monotonic() - began
        summary = summarize(results, {s.id: s.topic for s in self.scenarios})
        caveats = [self.pool.caveat] if self.pool.caveat else []
        slowed = self.crowd.warnings(self.target)
        warnings = (*caveats, *self.hearing.warnings(), *self.asker.failures[:1], *slowed)
        run = Run(
            str(self.target),
            self.target.version,
            summary,
            results,
            warnings,
            seconds,
            end.interrupted,
            end.trouble,
            self.hearing.mixed(),
            self.options.profile,
            late=end.late,
        )
        if self.options.recorder is not None:
            save(self.options.recorder, self.loop.arrivals, self.hearing, run, dropped, self.pool.caveat)
        return run

    # -- what runs when --------------------------------------------------------------------------------------------

    def _reachable(self) -> bool:
        """Play the plain handshake first: a target that does not answer is not asked forty times."""
        probe = scenarios.ALL[FIRST]
        self.hearing.add(probe)
        self._start([probe])
        self._learn_pace(self.hearing.attempts[probe.id][-1])
        return self.hearing.opinions[probe.id][-1].doubt is not Doubt.NO_EVIDENCE

    def _learn_pace(self, attempt: Attempt) -> None:
        """From the first handshake: how long an answer takes on this path."""
        took = round_trip(attempt)
        if took is not None:
            self.path_delay = SCHEDULING + took
            if self.options.patience is None:
                self.patience = patience(took)

    def _start_all(self) -> None:
        """What hangs on the application waits until it is known; exchanges that only wait for a timer fill the time."""
        rest = [s for s in self.scenarios if s.id != FIRST]
        if self.detection.trigger is not None:
            self._start(self._possible(rest))
            return
        ready = [s for s in rest if s.waits and not s.commands and not _hangs_on_application(s)]
        self.waiting = [s for s in rest if s not in ready]
        self._start((self.detection.probes() if self.waiting else []) + ready)

    def _start(self, some: list[Scenario]) -> None:
        """Play them side by side, the long waits first; what is left in doubt is played again without haste."""
        self.queue.extend(sorted(some, key=lambda s: not (s.waits or self.detection.concerns(s))))
        slow = sum(s.slow for s in self.scenarios)  # they wait all at the same time, beside the others
        self.loop.run(self._next, self._finished, self.options.parallel + slow)
        while self.again and not self.crowd.gone:
            self.queue.extend(self.again)
            self.again.clear()
            self.loop.run(self._next, self._finished, min(CAREFUL, self.crowd.width) + slow)

    def _possible(self, some: list[Scenario]) -> list[Scenario]:
        """Those the trigger can serve; the others get their verdict (skip) at once."""
        out = []
        for scenario in some:
            why = missing(self.detection.trigger or NONE, scenario.commands)
            if why:
                self.hearing.opinions[scenario.id].append(Opinion(Verdict.SKIP, why, why=Why.NO_TRIGGER))
            else:
                out.append(scenario)
        return out

    def _next(self) -> Attempt | None:
        slow = next((s for s in self.queue if s.slow), None)
        full = not self.queue or self.brisk >= self.crowd.width
        if self.crowd.gone or (slow is None and full):
            return None
        scenario = slow or self.queue[0]
        self.queue.remove(scenario)
        self.brisk += not scenario.slow
        trigger = self.detection.trigger_for(scenario)
        setting = Setting(
            iss=Seq(self.random.getrandbits(32)),
            trigger=trigger,
            terms=Terms(self.options.profile, allowed(scenario)),
            start=UNKNOWN_PORT if scenario.opens == "us" else CLOSED,
            patience=self.patience,
        )
        remote = self.target if scenario.port == "open" else self.closed.endpoint()
        if scenario.opens == "peer":
            remote = Endpoint(self.target.address, 0)  # the peer will choose
        flow = Flow(Endpoint(self.link.source, self.pool.take()), remote)
        return Attempt(scenario, Conductor(scenario, setting), flow)

    def _finished(self, attempt: Attempt) -> None:
        self.pool.give(attempt.flow.local.port)
        self.brisk -= not attempt.scenario.slow
        if self.detection.concerns(attempt.scenario):
            self.crowd.heard(attempt, None)
            self.queue.extend(self.detection.heard(attempt))
            if self.detection.trigger is not None:
                self.loop.stop(lambda other: self.detection.concerns(other.scenario))
                self.queue.extend(self._possible(self.waiting))
                self.waiting = []
            return
        attempt.path_delay = self.path_delay
        opinion = judge(case_of(attempt))
        self.crowd.heard(attempt, opinion)
        heard = self.hearing.opinions[attempt.scenario.id]
        heard.append(opinion)
        self.hearing.attempts[attempt.scenario.id].append(attempt)
        if attempt.scenario.port == "closed":
            self.closed.heard(opinion)
        if not heard_enough(heard):
            self.again.append(attempt.scenario)
        elif self.options.told is not None and (result := self.hearing.certain(attempt.scenario)):
            self.options.told(result)
        self._progress()

    def _progress(self) -> None:
        if self.options.progress is not None:
            opinions = self.hearing.opinions
            self.options.progress(sum(bool(o) for o in opinions.values()), len(opinions))


def _chosen(options: CheckOptions) -> list[Scenario]:
    """The exchanges asked for, in report order; an id may be a pattern with ``*``."""
    wanted = [s for s in scenarios.ALL.values() if (options.waits or not s.waits) and (options.slow or not s.slow)]
    if not options.only:
        return wanted
    return [s for s in scenarios.ALL.values() if any(fnmatchcase(s.id, pattern) for pattern in options.only)]


def _hangs_on_application(scenario: Scenario) -> bool:
    return any(isinstance(step, Expect) and step.application for step in scenario.steps)
