"""One exchange over and over, many at a time: each judged and recorded as it ends, none kept."""

from __future__ import annotations

import random
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from probe import scenarios
from probe.engine.belief.tracker import UNKNOWN_PORT, Terms, allowed
from probe.engine.judge.attempt import Opinion
from probe.engine.judge.by_shape import Recall
from probe.engine.judge.jury import heard_enough, is_noise, settle
from probe.engine.play.conductor import Conductor, Setting
from probe.engine.trial.attempt import Attempt
from probe.engine.trial.hearing import after_losses
from probe.engine.trial.result import result_of
from probe.live.frame import LOCAL_PATIENCE, SCHEDULING
from probe.live.loop import Loop
from probe.live.ports import ClosedPorts, Sources
from probe.live.triggers import known_trigger
from probe.recording.metadata import BulkMetadata
from probe.recording.writing import RecordingStream
from probe.results.verdict import ExchangeResult, Verdict
from probe.scenarios.steps import Scenario
from probe.scenarios.triggers import NONE, missing
from probe.spec.segment import Endpoint, Flow
from probe.wire.errors import TargetError
from probe.wire.guard import PortPool
from probe.wire.raw import RawLink
from probe.wire.record import Recorder
from probe.wire.route import Route, find_route

REMOTE_PATIENCE = 3.0
SHOWN = 10
"""So many exchanges that did not pass are kept whole."""


@dataclass(frozen=True, slots=True)
class BulkOptions:
    """What is played how often: ``count`` exchanges, or for ``seconds``, whichever ends first; neither: until Ctrl-C.

    ``trigger``: none, http, target, or a line of the user's. ``patience`` and ``seed`` as for a check; ``parallel``
    bounds the connections the peer sees at a time. ``progress`` is called with the number of verdicts so far.
    """

    exchange: str = "close-by-us"
    count: int | None = None
    seconds: float | None = None
    parallel: int = 16
    trigger: str = "none"
    profile: str = "rfc9293"
    patience: float | None = None
    interface: str | None = None
    source: str | None = None
    seed: int | None = None
    recorder: Recorder | None = None
    progress: Callable[[int], None] | None = None


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What came of it. ``exchanges`` were begun, and each has one of the ``verdicts``; ``seconds`` is wall time.

    ``attempts`` counts connections; ``doubtful`` are attempts that had to be repeated or explained away. ``dropped``
    packets were lost in our own receive buffer. ``shown`` are the first few exchanges that did not pass.
    """

    exchanges: int
    verdicts: dict[Verdict, int]
    forms: dict[str, int]
    seconds: float
    attempts: int
    doubtful: int
    dropped: int
    shown: tuple[ExchangeResult, ...] = ()
    interrupted: bool = False

    @property
    def rate(self) -> float:
        """Exchanges per second."""
        return self.exchanges / self.seconds if self.seconds else 0.0


def bulk(target: Endpoint, options: BulkOptions | None = None) -> BulkResult:
    """Play one exchange against ``target`` again and again; WireError or TargetError when that cannot begin."""
    chosen = options or BulkOptions()
    route = find_route(target.address, source=chosen.source, interface=chosen.interface)
    with (
        PortPool(route.source) as pool,
        RawLink(target.address, source=chosen.source, interface=chosen.interface, pool=pool) as link,
    ):
        pool.spared.add(target.port)
        return _Bulk(target, chosen, link, pool, route).run()


@dataclass(slots=True)
class _Exchange:
    """One exchange that awaits its verdict: what its attempts showed so far."""

    serial: int
    heard: list[Opinion] = field(default_factory=list)


class _Bulk:
    """One run in progress."""

    def __init__(self, target: Endpoint, options: BulkOptions, link: RawLink, pool: PortPool, route: Route) -> None:
        self.target, self.options, self.link = target, options, link
        self.scenario = _scenario(options.exchange)
        self.trigger = known_trigger(options.trigger) or NONE
        if lacking := missing(self.trigger, self.scenario.commands):
            raise TargetError(f"{self.scenario.id} cannot be played: {lacking}")
        terms = Terms(options.profile, allowed(self.scenario))
        self.recall = Recall(self.scenario, UNKNOWN_PORT, terms, self.trigger.obedient, SCHEDULING, target.version)
        self.patience = options.patience or (LOCAL_PATIENCE if route.local else REMOTE_PATIENCE)
        closed = self.scenario.port == "closed"
        self.remote = ClosedPorts(target, None, pool, local=route.local).endpoint() if closed else target
        self.stream = RecordingStream(options.recorder, terms)
        self.loop = _loop(link, options.recorder)
        self.sources = Sources(pool, random.Random(options.seed))
        self.live: dict[int, _Exchange] = {}
        self.again: deque[_Exchange] = deque()
        self.begun = self.attempts = self.doubtful = self.dropped = 0
        self.noisy = False
        self.verdicts: Counter[Verdict] = Counter()
        self.forms: Counter[str] = Counter()
        self.shown: list[ExchangeResult] = []
        self.end = float("inf")

    def run(self) -> BulkResult:
        """All exchanges side by side; one in doubt stops the others, is repeated alone, and they go on."""
        began = time.monotonic()
        if self.options.seconds is not None:
            self.end = began + self.options.seconds
        interrupted = False
        try:
            while self._more() or self.again:
                self.loop.run(self._next, self._finished, self.options.parallel)
                while self.again:
                    self.loop.run(self._next_again, self._finished, 1)
        except KeyboardInterrupt:
            interrupted = True
            self._give_up()
        finally:
            self.stream.finish(self.loop.arrivals)
        return BulkResult(
            exchanges=self.begun,
            verdicts=dict(self.verdicts),
            forms=dict(self.forms),
            seconds=time.monotonic() - began,
            attempts=self.attempts,
            doubtful=self.doubtful,
            dropped=self.link.losses().dropped,
            shown=tuple(self.shown),
            interrupted=interrupted,
        )

    def _more(self) -> bool:
        """Whether another exchange is to begin."""
        return (self.options.count is None or self.begun < self.options.count) and time.monotonic() < self.end

    def _next(self) -> Attempt | None:
        if self.again or not self._more():
            return None
        self.begun += 1
        return self._attempt(_Exchange(self.begun))

    def _next_again(self) -> Attempt | None:
        return self._attempt(self.again.popleft()) if self.again else None

    def _attempt(self, exchange: _Exchange) -> Attempt:
        port, iss = self.sources.take()
        self.attempts += 1
        self.live[port] = exchange
        setting = Setting(iss, self.trigger, self.recall.terms, UNKNOWN_PORT, self.patience)
        flow = Flow(Endpoint(self.link.source, port), self.remote)
        return Attempt(self.scenario, Conductor(self.scenario, setting), flow, path_delay=self.recall.path_delay)

    def _finished(self, attempt: Attempt) -> None:
        port = attempt.flow.local.port
        exchange = self.live.pop(port)
        self.sources.give(port, attempt.conductor.tester.nxt)
        heard = exchange.heard
        opinion = self.recall.opinion(attempt.conductor.transcript, attempt.conductor.watch)
        heard.append(opinion)
        verdict = self._settle(exchange, attempt) if heard_enough(heard) else None
        if verdict is None:
            self.again.append(exchange)
        if self.loop.keep:
            self.stream.ended(attempt, opinion, len(heard), self._mark(exchange, verdict))
            self.stream.write(self.loop.arrivals, self.live)

    def _mark(self, exchange: _Exchange, verdict: Opinion | None) -> BulkMetadata:
        if verdict is None:
            return BulkMetadata(self.target, exchange.serial)
        rules = tuple(f.rule for f in verdict.findings)
        return BulkMetadata(self.target, exchange.serial, verdict.word, rules, not self.noisy, self.dropped)

    def _settle(self, exchange: _Exchange, attempt: Attempt | None) -> Opinion:
        """The verdict of all attempts at one exchange."""
        heard = exchange.heard
        verdict = heard[0]
        if len(heard) > 1 or verdict.word is not Verdict.PASS:
            self.doubtful += sum(o.word is not Verdict.PASS for o in heard)
            self.noisy = self.noisy or is_noise(heard)
            dropped = self.dropped = self.link.losses().dropped
            # A listener this busy may work by SYN cookies; nobody looks into that here, so it is not accused.
            verdict = settle(heard, clean=not self.noisy and not dropped, keeps_state=False)
            verdict = after_losses(verdict, dropped)
        self.verdicts[verdict.word] += 1
        self.forms[verdict.form] += 1
        if self.options.progress is not None:
            self.options.progress(self.verdicts.total())
        if verdict.word is not Verdict.PASS and attempt is not None and len(self.shown) < SHOWN:
            self.shown.append(result_of(self.scenario, self.target, verdict, heard, attempt))
        return verdict

    def _give_up(self) -> None:
        """Interrupted: what waits for its repetition gets the verdict of what was heard."""
        for exchange in self.again:
            self._settle(exchange, None)
        self.again.clear()
        cut_off = self.begun - self.verdicts.total()  # between two steps of ours
        if cut_off:
            self.verdicts[Verdict.INCONCLUSIVE] += cut_off


def _loop(link: RawLink, recorder: Recorder | None) -> Loop:
    return Loop(link, keep=False) if recorder is None else Loop(link, recorded=recorder.count)


def _scenario(name: str) -> Scenario:
    found = scenarios.ALL.get(name)
    if found is None:
        raise TargetError(f"there is no exchange {name!r}; `probe list` shows those there are")
    return found
