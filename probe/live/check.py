"""The check of one target: which exchanges run, how often, in what order; attempts to verdicts to a Run."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from contextlib import ExitStack
from fnmatch import fnmatchcase
from functools import partial

from probe import scenarios
from probe.engine.judge.answers import summarize
from probe.engine.judge.attempt import Opinion, judge
from probe.engine.path.deciding import deciding
from probe.engine.path.resting import expects_silence
from probe.engine.play.calibration import Calibration
from probe.engine.play.conductor import Conductor, Setting
from probe.engine.trial.attempt import Attempt, case_of
from probe.engine.trial.death import Suspect, autopsy, suspects, told
from probe.engine.trial.hearing import FIRST, Hearing, not_judged
from probe.live.bisection import Bisection, Script, script
from probe.live.frame import Frame
from probe.live.line import Line, open_line
from probe.live.options import CheckOptions
from probe.live.pacing import Backlog, Pace
from probe.live.ports import CANDIDATES, ClosedPorts
from probe.live.preflight import knocking, unanswered
from probe.live.revival import Revival
from probe.live.triggers import Detection, known_trigger
from probe.live.vital import PAUSES, Vigil, advice
from probe.results import path
from probe.results.death import Death, Ending
from probe.results.verdict import Run, Verdict, Why
from probe.scenarios.steps import Expect, Question, Scenario, Send
from probe.scenarios.triggers import NONE, missing
from probe.spec.segment import Endpoint
from probe.wire.errors import DownError, UnansweredError

LONG = 90.0
"""Seconds after which an exchange is tried again only where it may still become a finding: on a path that loses much
nearly all are in doubt, and each would be tried eight times."""
_AT_ONCE = 3
"""So many attempts more at an exchange that waits for a timer are begun at a time."""


def check(target: Endpoint, options: CheckOptions | None = None) -> Run:
    """Play the exchanges against ``target`` and judge them; WireError or TargetError when that cannot begin."""
    chosen = options or CheckOptions()
    with ExitStack() as lines:

        def opened(before: int = 0) -> Line:
            return lines.enter_context(open_line(target, chosen, before))

        return _Check(target, chosen, opened).run()


class _Check:
    """One check in progress."""

    def __init__(self, target: Endpoint, options: CheckOptions, opened: Callable[[int], Line]) -> None:
        """``opened`` gives a line to the target, whose packets are numbered on from the number it is given."""
        self.target, self.options = target, options
        line = opened(0)
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
            if any(fnmatchcase(scenario.id, pattern) for pattern in options.skip):
                self.hearing.opinions[scenario.id].append(not_judged(Why.LEFT_OUT))
        self.queue: deque[Scenario] = deque()
        self.risky: deque[Scenario] = deque()
        self.waiting: list[Scenario] = []
        self.calibration = Calibration(self.frame.habits)
        self.calibrating = 0
        self.under_way: Counter[str] = Counter()
        self.brisk = 0
        self.vigil = Vigil()
        self.revival = Revival(options.revive, target, opened) if options.revive else None
        self.ended: list[Attempt] = []
        self.remarks: list[str] = []
        self.lethal: list[Script] = []
        self.deadly: set[str] = set()

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
        results = self.hearing.results(interrupted=frame.interrupted, late=frame.late)
        summary = summarize(results, {s.id: s.topic for s in self.scenarios})
        # A line that failed is told by itself; where a dangerous exchange was played, that belongs to it.
        deaths = [one for one in self.hearing.deaths if one.ending is not Ending.LINE or _is_risky(one)]
        told_of = [f"{self.target}: {told(one)}{advice(one)}" for one in deaths]
        stateless = self.hearing.path().standing(path.Suspect.COOKIES) is path.Standing.ACCEPTED
        crowded = self.backlog.warnings(self.target, stateless=stateless)
        crowded += self.vigil.warnings(self.target)
        warnings = (*self.hearing.warnings(), *told_of, *self.remarks, *crowded)
        run = frame.run(
            str(self.target),
            self.target.version,
            summary,
            results,
            warnings,
            mixed=self.hearing.mixed_readings(),
            path=self.hearing.path(),
            profile=self.options.profile,
            trigger=str(self.detection.trigger or ""),
        )
        frame.save(self.hearing, run)
        return run

    # -- what runs when --------------------------------------------------------------------------------------------

    def _play(self) -> None:
        """The plain handshake first, then all the others."""
        first = scenarios.ALL[FIRST]
        self.hearing.add(first)
        rest = [s for s in self.scenarios if s is not first and not self.hearing.opinions[s.id]]
        if any(s.port == "open" for s in self.scenarios) and not self.hearing.opinions[FIRST]:
            rest.insert(0, first)
        ports = {s.port for s in rest}  # a port that was not asked about may be one where nothing listens
        self._start_all(rest)
        if self.vigil.ending is None:
            names = deciding(self.hearing.path(), self.hearing.evidence.undecided)
            deciders = (scenarios.ALL[name] for name in names)
            more = [s for s in deciders if s.port in ports and not self.hearing.attempts.get(s.id)]
            for scenario in more:
                self.hearing.add(scenario)
            self._start_all(more)
        # What was heard enough by what was known of the path then may not be by what the others have shown since.
        while not (self.frame.interrupted or self.frame.late) and (again := self._unsettled()):
            self._start(again)

    def _unsettled(self) -> list[Scenario]:
        """The exchanges that were played, and where another attempt may help."""
        attempts = self.hearing.attempts
        played = [s for s in map(scenarios.ALL.__getitem__, attempts) if attempts[s.id] and not self._is_deadly(s)]
        return [s for s in played if not self._enough(s)] if self.vigil.ending is None else []

    def _enough(self, scenario: Scenario) -> bool:
        """Whether another attempt would add nothing, or no finding to a run that has taken long."""
        return self.hearing.enough(scenario, hurry=self.frame.seconds > LONG * self.frame.habits.scale)

    def _start_all(self, rest: list[Scenario]) -> None:
        """First it is learned what the peer answers, and how its application is brought to act; others wait for that.

        Exchanges that only wait for a timer fill the time.
        """

        def hangs_on_application(scenario: Scenario) -> bool:
            speaks = any(isinstance(s, Send) and s.data for s in scenario.steps)  # what it bears is not known yet
            return speaks or any(isinstance(s, Expect) and s.application for s in scenario.steps)

        ready = [s for s in rest if s.waits and s.port == "open" and not hangs_on_application(s)]
        self.waiting = [s for s in rest if s not in ready]
        asks = any(isinstance(step, Question) for s in rest for step in s.steps)
        first = list(self.calibration.todo) if asks else []
        self.calibrating = len(first)
        if self.detection.trigger is None and any(s.port == "open" for s in self.waiting):
            first += self.detection.probes
        self._start([*first, *ready, *self._freed()])

    def _start(self, some: list[Scenario]) -> None:
        """Play them side by side; then the dangerous ones one by one, malformed options last."""
        self._enqueue(some)
        beside = sum(s.rests for s in self.scenarios) + self.detection.slow + len(PAUSES) + len(CANDIDATES)
        while self.vigil.ending is None:
            error = None
            try:
                self.frame.play(self._next, self._finished, self.options.parallel + beside)
            except DownError as failure:
                if not self.vigil.answered:
                    raise
                error, self.vigil.ending, self.vigil.trouble = failure, Ending.LINE, str(failure)
            if self.vigil.ending is None and (self.detection.trigger is not None or not self.waiting):
                return
            if self.vigil.ending is None:
                self.detection.give_up()
                self._release()  # what has waited for it
                continue
            vigil, ending = self.vigil, self.vigil.ending
            if ending is not Ending.LINE and self.backlog.limited:
                ending = vigil.ending = Ending.LIMITED
            found = [] if ending is Ending.LIMITED else suspects(self.ended, ending)
            death = autopsy(found, ending, vigil.asked, vigil.seconds, vigil.trouble)
            void = self.hearing.died(death, self.ended)
            if self.revival is not None and ending is not Ending.LIMITED:
                self._bring_back(self.revival, found, void)
            elif error is not None:
                raise error

    def _enqueue(self, some: list[Scenario]) -> None:
        """What others wait for first, then what takes longest where the peer stays silent: the short ones fill gaps."""

        def turn(scenario: Scenario) -> tuple[bool, bool, float]:
            first = scenario.id == FIRST or self._explores(scenario)
            return not first, not scenario.waits, -self.frame.habits.longest(scenario)

        self.queue.extend(sorted((s for s in some if not s.risky), key=turn))
        self.risky.extend(sorted((s for s in some if s.risky), key=is_malformed))

    def _bring_back(self, revival: Revival, found: list[Suspect], void: list[Attempt]) -> None:
        """Bring the peer back, find out what ended it, and queue what that left unheard. Raises ReviveError."""
        revival.note(self.ended, self.frame.loop.hop_limit)
        self.backlog.alone()  # what ends the peer once more is known at once
        if odd := revival.bring_back(self.frame):
            self.remarks.append(
                f"{self.target}: another stack came back ({odd}): it was not judged, all results are of the one before"
            )
            return
        again = Bisection(self.frame, self.target, revival, self._conductor, self._remote)
        last = self.hearing.deaths[-1] = again.named(self.hearing.deaths[-1], found)
        self.vigil.revived()
        self.ended.clear()
        self.lethal += [again.script] if again.script else []
        self.deadly |= {*last.suspects} if last.ended else set()
        # What is learned first is learned anew, unless it is that which ended the peer.
        first: list[Scenario] = []
        if self.calibrating or any(self.calibration.concerns(attempt.scenario) for attempt in void):
            self.calibration = Calibration(self.frame.habits)
            first += [s for s in self.calibration.todo if not self._is_deadly(s)]
        self.calibrating = len(first)
        if self.detection.trigger is None or any(self.detection.concerns(attempt.scenario) for attempt in void):
            deadly = any(map(self._is_deadly, self.detection.probes))
            self.detection = Detection(NONE if deadly else known_trigger(self.options.trigger))
            first += self.detection.probes if self.detection.trigger is None else []
        self.queue = deque(first)
        self.risky.clear()
        self.waiting = [s for s in self.scenarios if not (self._is_deadly(s) or self._enough(s))]
        self._release()

    def _is_deadly(self, scenario: Scenario) -> bool:
        """Whether it has ended the peer, or begins with what has."""
        sent = script(scenario)
        return scenario.id in self.deadly or any(sent[: len(known)] == known for known in self.lethal)

    def _possible(self, some: list[Scenario]) -> list[Scenario]:
        """Those the trigger can serve, or a closed port; the others get their verdict (skip) at once."""
        out = []
        for scenario in some:
            why = missing(self.detection.trigger or NONE, scenario.commands)
            shut = self.closed.lacking if scenario.port == "closed" else ""
            if why or shut:
                data = Why.NO_TRIGGER if why else Why.NO_CLOSED_PORT
                self.hearing.opinions[scenario.id].append(Opinion(Verdict.SKIP, why or shut, why=data))
            else:
                out.append(scenario)
        return out

    def _next(self) -> Attempt | None:
        if self.vigil.ending is not None:
            return None
        if self.vigil.doubted:
            return self.vigil.next(self.frame, self.target)
        if self.under_way.total() >= min(self.vigil.room, self.backlog.room):
            return None
        if any(s.port == "closed" for s in self.waiting) and (remote := self.closed.next()) is not None:
            return knocking(self.frame, remote)
        slow = next((s for s in self.queue if s.rests), None)
        if slow is not None or (self.queue and self.brisk < self.backlog.width):
            scenario = slow or self.queue[0]
            self.queue.remove(scenario)
        elif self.risky and not self.queue and not self.under_way.total():
            scenario = self.risky.popleft()
        else:
            return None
        self.under_way[scenario.id] += 1
        self.brisk += not scenario.rests
        return self.frame.attempt(self._conductor(scenario), self._remote(scenario))

    def _conductor(self, scenario: Scenario) -> Conductor:
        setting = self._setting(scenario)
        calibrates = self.calibration.concerns(scenario)
        return self.calibration.conductor(scenario, setting) if calibrates else Conductor(scenario, setting)

    def _setting(self, scenario: Scenario) -> Setting:
        return self.frame.setting(scenario, self.detection.trigger_for(scenario))

    def _remote(self, scenario: Scenario) -> Endpoint:
        return self.closed.endpoint if scenario.port == "closed" else self.target

    def _explores(self, scenario: Scenario) -> bool:
        """Whether an exchange is one that others wait for, not to be judged."""
        return self.calibration.concerns(scenario) or self.detection.concerns(scenario)

    def _freed(self) -> list[Scenario]:
        """What has waited and may be played, as it is known what the peer and its application answer.

        What rests first has learned that when it asks.
        """

        def is_free(scenario: Scenario) -> bool:
            if scenario.port == "closed":
                return self.closed.known
            return self.detection.allows(scenario) and (scenario.rests or not self.calibrating)

        free = [s for s in self.waiting if is_free(s)]
        self.waiting = [s for s in self.waiting if s not in free]
        return self._possible(free)

    def _release(self) -> None:
        self._enqueue(self._freed())

    def _finished(self, attempt: Attempt) -> None:
        if self.vigil.took(attempt, self.frame):
            return
        if self.closed.concerns(attempt):
            self.closed.heard(attempt)
            if self.closed.known:
                self.frame.loop.stop(self.closed.concerns)
                self._release()
            return
        self.under_way[attempt.scenario.id] -= 1
        self.brisk -= not attempt.scenario.rests
        self.ended.append(attempt)
        self.vigil.heard(attempt, self.frame.habits.answer)
        if self._explores(attempt.scenario):
            self.backlog.heard(attempt, None, beside=self.frame.loop.standing)
            self._learn(attempt)
            self._release()
        else:
            self._judge(attempt)

    def _learn(self, attempt: Attempt) -> None:
        """Take up what an exchange that others wait for tells."""
        if self.calibration.concerns(attempt.scenario):
            self.hearing.calibrated(attempt)
            more = self.calibration.heard(attempt.conductor)
            self.queue.extendleft(more)
            self.calibrating += len(more) - 1
            return
        self.queue.extend(self.detection.heard(attempt))
        if self.detection.trigger is not None:
            self.frame.habits.application = max(self.frame.habits.application, self.detection.delay)
            self.frame.loop.stop(lambda other: self.detection.concerns(other.scenario))

    def _again(self, attempt: Attempt) -> None:
        """Soon, as what was shown stays shown, whatever comes of the peer later; but never beside itself.

        What waits for a timer of the peer, or has waited long in vain, would take too long so: that is repeated some
        times at once.
        """
        scenario, events = attempt.scenario, attempt.conductor.transcript.judged
        took = events[-1].time - events[0].time if events else 0.0
        waited = scenario.waits or took > 2 * self.frame.habits.answer
        queue, times = (self.risky, 1) if scenario.risky else (self.queue, _AT_ONCE if waited else 1)
        queue.extendleft([scenario] * times)

    def _judge(self, attempt: Attempt) -> None:
        opinion = judge(case_of(attempt))
        heard = self.hearing.opinions[attempt.scenario.id]
        heard.append(opinion)
        self.hearing.attempts[attempt.scenario.id].append(attempt)
        path = self.hearing.path()
        self.backlog.heard(attempt, opinion, path, beside=self.frame.loop.standing)
        self.frame.habits.silenced = partial(expects_silence, path) if path.accepted else None
        more = self.under_way[attempt.scenario.id] or attempt.scenario in self.queue
        if not more and not self._enough(attempt.scenario):
            self._again(attempt)
        elif not more and self.options.told is not None and (result := self.hearing.certain(attempt.scenario)):
            self.options.told(result)
        if self.options.progress is not None:
            opinions = self.hearing.opinions
            self.options.progress(sum(bool(o) for o in opinions.values()), len(opinions))


def is_malformed(scenario: Scenario) -> bool:
    """Whether it sends an option of impossible length: what has ended most stacks."""
    sent = (option for step in scenario.steps if isinstance(step, Send) for option in step.options or ())
    return any(option.fault for option in sent)


def _is_risky(death: Death) -> bool:
    return bool(death.ended) or any(name in scenarios.ALL and scenarios.ALL[name].risky for name in death.suspects)
