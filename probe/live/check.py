"""The check of one target: which exchanges run, how often, in what order; attempts to verdicts to a Run."""

from __future__ import annotations

from collections import deque
from fnmatch import fnmatchcase

from probe import scenarios
from probe.engine.judge.attempt import Opinion, judge
from probe.engine.judge.jury import heard_enough, summarize
from probe.engine.play.conductor import Conductor
from probe.engine.trial.attempt import Attempt, case_of
from probe.engine.trial.hearing import FIRST, Hearing
from probe.live.frame import Frame
from probe.live.line import Line, open_line
from probe.live.options import CheckOptions
from probe.live.pacing import Backlog, Pace
from probe.live.ports import ClosedPorts
from probe.live.preflight import unanswered
from probe.live.triggers import Detection, known_trigger
from probe.results.verdict import Run, Verdict, Why
from probe.scenarios.steps import Expect, Scenario
from probe.scenarios.triggers import NONE, missing
from probe.spec.segment import Endpoint
from probe.wire.errors import UnansweredError

CAREFUL = 2
"""How many exchanges in doubt are played again side by side."""


def check(target: Endpoint, options: CheckOptions | None = None) -> Run:
    """Play the exchanges against ``target`` and judge them; WireError or TargetError when that cannot begin."""
    chosen = options or CheckOptions()
    with open_line(target, chosen) as line:
        return _Check(target, chosen, line).run()


class _Check:
    """One check in progress."""

    def __init__(self, target: Endpoint, options: CheckOptions, line: Line) -> None:
        self.target, self.options = target, options
        pace = options.pace or Pace()
        self.frame = Frame(line, options, pace=pace)
        self.backlog = Backlog(options.parallel, pace)
        self.closed = ClosedPorts(target, options.closed_port, line.pool, local=line.local)
        self.detection = Detection(known_trigger(options.trigger))
        # In report order; an id may be a pattern with ``*``.
        self.scenarios = [
            s
            for s in scenarios.ALL.values()
            if any(fnmatchcase(s.id, pattern) for pattern in options.only)
            or (not options.only and (options.waits or not s.waits) and (options.slow or not s.slow))
        ]
        self.hearing = Hearing(target, self.scenarios)
        for scenario in self.scenarios:
            self.hearing.add(scenario)
        self.queue: deque[Scenario] = deque()
        self.again: list[Scenario] = []
        self.waiting: list[Scenario] = []
        self.brisk = 0

    def run(self) -> Run:
        """Preflight, detection of the trigger, then everything side by side; UnansweredError where the port is shut."""
        frame, shut = self.frame, ""
        with frame:
            # A target that does not answer is not asked a hundred times.
            if any(s.port == "open" for s in self.scenarios):
                shut = unanswered(frame, self.target)
            if not shut:
                self._play()
        if shut:
            frame.save_unanswered(self.target, shut)
            raise UnansweredError(shut)
        results = self.hearing.results(dropped=frame.dropped, interrupted=frame.interrupted, late=frame.late)
        summary = summarize(results, {s.id: s.topic for s in self.scenarios})
        warnings = (*self.hearing.warnings(), *self.backlog.warnings(self.target))
        run = frame.run(
            str(self.target),
            self.target.version,
            summary,
            results,
            warnings,
            mixed=self.hearing.mixed_readings(),
            profile=self.options.profile,
        )
        frame.save(self.hearing, run)
        return run

    # -- what runs when --------------------------------------------------------------------------------------------

    def _play(self) -> None:
        """The plain handshake first, then all the others."""
        if any(s.port == "open" for s in self.scenarios):
            first = scenarios.ALL[FIRST]
            self.hearing.add(first)
            self._start([first])
        self._start_all()

    def _start_all(self) -> None:
        """What hangs on the application waits until it is known; exchanges that only wait for a timer fill the time."""
        rest = [s for s in self.scenarios if s.id != FIRST]
        if self.detection.trigger is not None:
            self._start(self._possible(rest))
            return

        def hangs_on_application(scenario: Scenario) -> bool:
            return bool(scenario.commands) or any(isinstance(s, Expect) and s.application for s in scenario.steps)

        ready = [s for s in rest if s.waits and not hangs_on_application(s)]
        self.waiting = [s for s in rest if s not in ready]
        self._start((self.detection.probes if self.waiting else []) + ready)

    def _start(self, some: list[Scenario]) -> None:
        """Play them side by side, the long waits first; what is left in doubt is played again without haste."""
        self.queue.extend(sorted(some, key=lambda s: not (s.waits or self.detection.concerns(s))))
        slow = sum(s.slow for s in self.scenarios)  # they wait all at the same time, beside the others
        self.frame.play(self._next, self._finished, self.options.parallel + slow)
        while self.again and not self.backlog.gone:
            self.queue.extend(self.again)
            self.again.clear()
            self.frame.play(self._next, self._finished, min(CAREFUL, self.backlog.width) + slow)

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
        full = not self.queue or self.brisk >= self.backlog.width
        if self.backlog.gone or (slow is None and full):
            return None
        scenario = slow or self.queue[0]
        self.queue.remove(scenario)
        self.brisk += not scenario.slow
        setting = self.frame.setting(scenario, self.detection.trigger_for(scenario))
        remote = self.closed.endpoint() if scenario.port == "closed" else self.target
        return self.frame.attempt(Conductor(scenario, setting), remote)

    def _finished(self, attempt: Attempt) -> None:
        self.brisk -= not attempt.scenario.slow
        if self.detection.concerns(attempt.scenario):
            self.backlog.heard(attempt, None)
            self.queue.extend(self.detection.heard(attempt))
            if self.detection.trigger is not None:
                self.frame.loop.stop(lambda other: self.detection.concerns(other.scenario))
                self.queue.extend(self._possible(self.waiting))
                self.waiting = []
            return
        opinion = judge(case_of(attempt))
        self.backlog.heard(attempt, opinion)
        heard = self.hearing.opinions[attempt.scenario.id]
        heard.append(opinion)
        self.hearing.attempts[attempt.scenario.id].append(attempt)
        if attempt.scenario.port == "closed":
            self.closed.heard(opinion)
        if not heard_enough(heard):
            self.again.append(attempt.scenario)
        elif self.options.told is not None and (result := self.hearing.certain(attempt.scenario)):
            self.options.told(result)
        if self.options.progress is not None:
            opinions = self.hearing.opinions
            self.options.progress(sum(bool(o) for o in opinions.values()), len(opinions))
