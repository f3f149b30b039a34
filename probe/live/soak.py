"""One exchange over and over, many at a time: each judged and recorded as it ends, none kept."""

from __future__ import annotations

import math
import time
from collections import Counter, deque
from dataclasses import dataclass, field, replace

from probe import scenarios
from probe.engine.belief.events import Seen
from probe.engine.belief.tracker import CLOSED, UNKNOWN_PORT, Terms, allowed
from probe.engine.judge.attempt import Opinion
from probe.engine.judge.by_shape import ShapeJudge
from probe.engine.judge.jury import heard_enough, settle
from probe.engine.path.loss import LossMeter
from probe.engine.play.conductor import Conductor, Setting
from probe.engine.play.habits import SCHEDULING
from probe.engine.trial.attempt import Attempt, result_of
from probe.live.frame import Frame
from probe.live.line import Line, open_line
from probe.live.options import SoakOptions
from probe.live.pacing import Pace
from probe.live.ports import ClosedPorts, Sources
from probe.live.preflight import unanswered
from probe.live.triggers import Detection, find_trigger, known_trigger
from probe.recording.metadata import BulkMetadata
from probe.recording.writing import RecordingStream
from probe.results.path import UNMEASURED, Loss, Path
from probe.results.soak import Latency, Outage, SoakResult
from probe.results.verdict import CloseForm, ExchangeResult, Verdict, Why
from probe.scenarios.steps import Scenario
from probe.scenarios.triggers import NONE, missing
from probe.spec.segment import Endpoint, Flow
from probe.wire.errors import TargetError, UnansweredError

SHOWN = 10
"""So many exchanges that did not pass are kept whole."""
WINDOW = 1000
"""Exchanges over which loss is measured, and as many before them.

A night is long: what is lost in its first minute must not excuse what a peer does in the last.
"""
DOWN = 8
"""After so many attempts in a row, beside those side by side, without an answer or refused, the peer counts as down."""
GIVE_UP = 60.0
"""Seconds after which a peer that is down is given up, unless the run is to last for a time."""
_ABSENT = frozenset({Why.NO_ANSWER, Why.REFUSED, Why.FILTERED})
_STEP = math.log(1.02)
"""Buckets of the histograms grow by 2 %: their middle is within 1 % of all that is in them."""


def soak(target: Endpoint, options: SoakOptions | None = None) -> SoakResult:
    """Play one exchange against ``target`` again and again; WireError or TargetError when that cannot begin."""
    chosen = options or SoakOptions()
    scenario = scenarios.ALL.get(chosen.exchange)
    if scenario is None:
        raise TargetError(f"there is no exchange {chosen.exchange!r}; `probe list` shows those there are")
    trigger = known_trigger(chosen.trigger)
    if trigger is not None and (lacking := missing(trigger, scenario.commands)):
        raise TargetError(f"{scenario.id} cannot be played: {lacking}")
    with open_line(target, chosen) as line:
        return _Soak(target, chosen, scenario, line).run()


@dataclass(slots=True)
class _Exchange:
    """One exchange that awaits its verdict: what its attempts showed so far.

    ``loss`` is what was measured around it.
    """

    serial: int
    loss: Loss = UNMEASURED
    heard: list[Opinion] = field(default_factory=list)


class _Times:
    """A histogram of times: as much memory for a billion of them as for a thousand."""

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()
        self._least, self._most = math.inf, 0.0

    def add(self, seconds: float) -> None:
        """One more; a clock that was set back gives none."""
        if seconds > 0:
            self._buckets[int(math.log(seconds) // _STEP)] += 1
            self._least, self._most = min(self._least, seconds), max(self._most, seconds)

    def latency(self) -> Latency | None:
        """What it comes to."""
        count = self._buckets.total()
        if not count:
            return None

        def percentile(share: float) -> float:
            left = math.ceil(share * count)
            for bucket in sorted(self._buckets):
                left -= self._buckets[bucket]
                if left <= 0:
                    return min(max(math.exp((bucket + 0.5) * _STEP), self._least), self._most)
            return self._most

        return Latency(count, self._least, percentile(0.5), percentile(0.9), percentile(0.99), self._most)


class _Soak:
    """One run in progress."""

    def __init__(self, target: Endpoint, options: SoakOptions, scenario: Scenario, line: Line) -> None:
        self.target, self.options, self.scenario = target, options, scenario
        self.pace = options.pace or Pace()
        self.frame = Frame(line, options, pace=self.pace, asks_kernel=False)
        self.detection = Detection(known_trigger(options.trigger) if scenario.commands else NONE)
        self.trigger = NONE
        self.remote, called = target, scenario.opens == "peer"
        if called:
            self.remote = Endpoint(target.address, 0)  # the peer will choose
        elif scenario.port == "closed":
            self.remote = ClosedPorts(target, options.closed_port, line.pool, local=line.local).endpoint
        terms = Terms(options.profile, allowed(scenario))
        self.stream = RecordingStream(options.recorder, terms)
        start = CLOSED if called else UNKNOWN_PORT
        self.by_shape = ShapeJudge(scenario, start, terms, path_delay=SCHEDULING, version=target.version)
        self.sources = Sources(line.pool, self.frame.random)
        self.live: dict[int, _Exchange] = {}
        self.again: deque[_Exchange] = deque()
        self.begun = self.attempts = self.doubtful = 0
        self.meters = deque([LossMeter()], maxlen=2)
        self.verdicts: Counter[Verdict] = Counter()
        self.forms: Counter[CloseForm] = Counter()
        self.handshake, self.whole = _Times(), _Times()
        self.first: ExchangeResult | None = None
        self.shown: list[ExchangeResult] = []
        self.absent, self.alone = 0, False
        self.outages: list[Outage] = []
        self._start()

    def _start(self) -> None:
        """The time asked for, and the rate, count from here: from the first exchange, however long is asked before."""
        self.began = self.answered = time.time()
        self.start = time.monotonic()
        self.end = math.inf if self.options.seconds is None else self.start + self.options.seconds
        self.next_told = self.start + 1.0

    def run(self) -> SoakResult:
        """All exchanges side by side; one in doubt stops the others, is repeated alone, and they go on.

        UnansweredError where the port is shut.
        """
        frame, shut = self.frame, ""
        with frame:
            if self.scenario.port == "open":
                shut = unanswered(frame, self.target)
            if not shut:
                self._play()
        if shut:
            self.stream.finish(frame.loop.arrivals)
            raise UnansweredError(shut)
        if frame.interrupted:
            # What waits for its repetition gets the verdict of what was heard; others were between two steps of ours.
            for exchange in self.again:
                self._settle(exchange, None)
            if cut_off := self.begun - self.verdicts.total():
                self.verdicts[Verdict.INCONCLUSIVE] += cut_off
        self.stream.finish(frame.loop.arrivals)
        return self._result(left=self._left())

    def _play(self) -> None:
        if self.detection.trigger is None:
            find_trigger(self.frame, self.detection, self.target, 1)
        self.trigger = self.detection.trigger or NONE
        if lacking := missing(self.trigger, self.scenario.commands):
            raise TargetError(f"{self.scenario.id} cannot be played: {lacking}")
        self.by_shape.obedient = self.trigger.obedient
        self._start()
        while self._more() or self.again:
            self.alone = self.down
            self.frame.play(self._next, self._finished, 1 if self.alone else self.options.parallel)
            while self.again:
                self.frame.play(lambda: self._attempt(self.again.popleft()) if self.again else None, self._finished, 1)

    def _result(self, left: dict[str, int] | None = None) -> SoakResult:
        """What came of it until now."""
        return SoakResult(
            target=str(self.target),
            ip_version=self.target.version,
            exchange=self.scenario.id,
            title=self.scenario.title,
            profile=self.options.profile,
            began=self.began,
            seconds=time.monotonic() - self.start,
            exchanges=self.begun,
            attempts=self.attempts,
            verdicts=dict(self.verdicts),
            forms=dict(self.forms),
            doubtful=self.doubtful,
            dropped=self.frame.dropped,
            handshake=self.handshake.latency(),
            whole=self.whole.latency(),
            first=self.first,
            shown=tuple(self.shown),
            left=left,
            outages=tuple(self.outages),
            warnings=self.frame.warnings(),
            interrupted=self.frame.interrupted,
            trouble=self.frame.trouble,
        )

    def _left(self) -> dict[str, int] | None:
        """The peer's sockets for our ports by state; a listener is nobody's."""
        line = self.frame.line
        if not (line.local and line.table.available):
            return None
        address = line.pool.address
        try:
            found = line.table.snapshot(self.target.port)
        except OSError:
            return None
        return dict(Counter(state for _, far, state in found if far.address == address and far.port in line.pool))

    # -- attempts --------------------------------------------------------------------------------------------------

    @property
    def down(self) -> bool:
        """Whether the peer is asked one at a time, with pauses, until it answers again."""
        return bool(self.outages) and self.outages[-1].ended is None

    def _more(self) -> bool:
        """Whether another exchange is to begin."""
        if self.down and self.options.seconds is None and time.time() - self.outages[-1].began > GIVE_UP:
            return False
        return (self.options.count is None or self.begun < self.options.count) and time.monotonic() < self.end

    def _next(self) -> Attempt | None:
        if self.again or self.alone != self.down or not self._more():
            return None
        self.begun += 1
        if self.begun % WINDOW == 0:
            self.meters.append(LossMeter())
        return self._attempt(_Exchange(self.begun))

    def _attempt(self, exchange: _Exchange) -> Attempt:
        port, iss = self.sources.take()
        self.attempts += 1
        self.live[port] = exchange
        setting = Setting(
            iss, self.trigger, self.by_shape.terms, self.by_shape.start, self.frame.habits, memory=self.frame.memory
        )
        flow = Flow(Endpoint(self.frame.line.pool.address, port), self.remote)
        return Attempt(self.scenario, Conductor(self.scenario, setting), flow, path_delay=SCHEDULING)

    def _finished(self, attempt: Attempt) -> None:
        port = attempt.flow.local.port
        exchange = self.live.pop(port)
        self.sources.give(port, attempt.conductor.tester.nxt)
        heard = exchange.heard
        opinion = self.by_shape.opinion(attempt.conductor.transcript, attempt.conductor.watch)
        heard.append(opinion)
        self.meters[-1].add(self.scenario.id, opinion.controls)
        if opinion.word is Verdict.PASS:
            self._time(attempt)
        self._notice(attempt, opinion)
        # Of a peer that is down another attempt would show the same, and take as long.
        passed = len(heard) == 1 and opinion.word is Verdict.PASS
        enough = passed or heard_enough(heard, Path(self._loss)) or (self.down and opinion.why in _ABSENT)
        verdict = self._settle(exchange, attempt) if enough else None
        if verdict is None:
            self.again.append(exchange)
        if self.frame.loop.keep:
            metadata = BulkMetadata(self.target, exchange.serial)
            if verdict is not None:
                told = verdict.word, tuple(f.rule for f in verdict.findings), exchange.loss
                metadata = BulkMetadata(self.target, exchange.serial, *told)
            self.stream.ended(attempt, opinion, len(heard), metadata)
            self.stream.write(self.frame.loop.arrivals, self.live)

    @property
    def _loss(self) -> Loss:
        """The loss of the last exchanges."""
        return Loss(sum(m.loss.asked for m in self.meters), sum(m.loss.lost for m in self.meters))

    def _time(self, attempt: Attempt) -> None:
        """From our SYN to its answer, and to the last segment that counts."""
        transcript = attempt.conductor.transcript
        events, sealed = transcript.events, transcript.sealed
        answer = events[1] if len(events) > 1 else None
        if self.scenario.opens == "us" and isinstance(answer, Seen) and not answer.to_peer:
            self.handshake.add(answer.time - events[0].time)
        last = events[-1 if sealed is None else min(sealed, len(events)) - 1]
        self.whole.add(last.time - events[0].time)

    def _notice(self, attempt: Attempt, opinion: Opinion) -> None:
        """A peer that was there and is not, or is there again."""
        if opinion.why is Why.INTERRUPTED:
            return
        if opinion.why not in _ABSENT:
            self.answered = attempt.conductor.transcript.events[-1].time
            self.absent = 0
            if self.down:
                self.outages[-1] = replace(self.outages[-1], ended=self.answered)
                self.pace.reset()
            return
        self.absent += 1
        if self.down:
            self.pace.slower()
        elif self.absent >= DOWN + self.options.parallel:
            self.outages.append(Outage(self.answered, reason=opinion.reason))

    # -- verdicts --------------------------------------------------------------------------------------------------

    def _settle(self, exchange: _Exchange, attempt: Attempt | None) -> Opinion:
        """The verdict of all attempts at one exchange."""
        heard = exchange.heard
        verdict = heard[0]
        if len(heard) > 1 or verdict.word is not Verdict.PASS:
            self.doubtful += sum(o.word is not Verdict.PASS for o in heard)
            exchange.loss = self._loss
            # A listener this busy may work by SYN cookies; nobody looks into that here, so it is not accused.
            verdict = settle(heard, Path(exchange.loss))
            if attempt is not None and verdict.word is not Verdict.PASS:
                self._show(verdict, heard, attempt)
        self.verdicts[verdict.word] += 1
        self.forms[verdict.form] += 1
        if self.options.progress is not None:
            self.options.progress(self.verdicts.total())
        if self.options.told is not None and (now := time.monotonic()) >= self.next_told:
            self.next_told = now + 1.0
            self.options.told(self._result())
        return verdict

    def _show(self, verdict: Opinion, heard: list[Opinion], attempt: Attempt) -> None:
        """Keep what did not pass whole: the first few, and the first that departed from the RFC however late."""
        departed = self.first is None and verdict.word in (Verdict.FAIL, Verdict.WARN)
        if departed or len(self.shown) < SHOWN:
            result = result_of(self.scenario, self.target, verdict, heard, attempt)
            if departed:
                self.first = result
            if len(self.shown) < SHOWN:
                self.shown.append(result)
