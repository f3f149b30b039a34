"""Re-enacts the client of one captured connection against a live peer: attempts to a verdict, and what differed."""

from __future__ import annotations

import random
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace

from probe.capture.errors import CaptureError
from probe.engine.belief.tracker import UNKNOWN_PORT, Terms, allowed
from probe.engine.judge.attempt import Opinion, judge
from probe.engine.judge.jury import heard_enough, is_noise, settle
from probe.engine.play.conductor import Setting
from probe.engine.play.reenact.alignment import beside
from probe.engine.play.reenact.conductor import Reenactment, scenario_of
from probe.engine.play.reenact.turns import Script, ScriptError, script
from probe.engine.trial.attempt import Attempt, case_of
from probe.engine.trial.hearing import after_losses, evidence, in_time
from probe.engine.trial.result import result_of
from probe.live.ending import Ending
from probe.live.loop import End, Loop
from probe.live.patience import FIRST_PATIENCE, LOCAL_PATIENCE, SCHEDULING
from probe.recording.metadata import ATTEMPT
from probe.recording.writing import comments_of
from probe.replay.picking import Picked, pick
from probe.results.verdict import ExchangeResult, Run, Summary, Verdict, Why
from probe.spec.segment import Endpoint, Flow
from probe.spec.seq import Seq
from probe.wire.errors import TargetError, WireError
from probe.wire.guard import PortPool
from probe.wire.raw import RawLink
from probe.wire.record import Recorder
from probe.wire.route import find_route
from probe.wire.sockdiag import KernelTable

_SKIPPED = Summary()
"""One connection of somebody else's answers none of the questions of a check."""


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """What to re-enact and how.

    ``connection`` is its number in ``file`` (None: the first one with a SYN of its client). ``patience`` is how many
    seconds an answer may take beyond what the captured peer took (None: 1 s on this host, 3 s elsewhere). ``until`` (of
    ``time.monotonic``) is when all must be over.
    """

    file: str
    connection: int | None = None
    profile: str = "rfc9293"
    patience: float | None = None
    interface: str | None = None
    source: str | None = None
    seed: int | None = None
    guarded: bool = True
    recorder: Recorder | None = None
    until: float | None = None


def replay_live(target: Endpoint, options: LiveOptions) -> Run:
    """Play it until the jury has heard enough; the run has one exchange, ``replay-live``.

    TargetError where the file has no such connection (or not its client's SYN), WireError for a file that cannot be
    read and for a line that cannot be used.
    """
    try:
        picked = pick(options.file, options.connection)
    except CaptureError as error:
        raise WireError(str(error)) from error
    try:
        play = script(picked.packets)
    except ScriptError as error:
        raise TargetError(
            f"connection {picked.index} of {options.file} cannot be re-enacted: {error}; name another one"
        ) from error
    route = find_route(target.address, source=options.source, interface=options.interface)
    with ExitStack() as exits:
        pool = exits.enter_context(PortPool(route.source, guarded=options.guarded))
        link = exits.enter_context(
            closing(RawLink(target.address, source=options.source, interface=options.interface, pool=pool))
        )
        table = exits.enter_context(KernelTable())
        seen = table if route.local and table.available else None
        loop = Loop(link, seen, end=End(options.until))
        patience = options.patience or (LOCAL_PATIENCE if route.local else FIRST_PATIENCE)
        return _LiveReplay(target, options, picked, play, _Line(link, loop, pool, patience)).run()


@dataclass(frozen=True, slots=True)
class _Line:
    """What a re-enactment goes over."""

    link: RawLink
    loop: Loop
    pool: PortPool
    patience: float


class _LiveReplay:
    """One re-enactment in progress, repeated while it is in doubt."""

    def __init__(self, target: Endpoint, options: LiveOptions, picked: Picked, play: Script, line: _Line) -> None:
        self.target, self.options, self.picked, self.play, self.line = target, options, picked, play, line
        self.scenario = scenario_of(play)
        self.random = random.Random(options.seed)  # ISNs of a test tool, repeatable by seed
        self.opinions: list[Opinion] = []
        self.attempts: list[Attempt] = []

    def run(self) -> Run:
        """Attempts, verdict, recording."""
        began, ending = time.monotonic(), Ending()
        with ending:
            while not heard_enough(self.opinions):
                todo = [self._attempt()]
                self.line.loop.run(lambda todo=todo: todo.pop() if todo else None, self._finished, 1)  # type: ignore[misc]
        dropped = self.line.link.losses().dropped
        result = self._result(dropped, late=ending.late)
        self._record()
        warnings = tuple(w for w in (self.line.pool.caveat, self.picked.warning, *self._shortcomings()) if w)
        return Run(
            str(self.target),
            self.target.version,
            _SKIPPED,
            (result,),
            warnings,
            time.monotonic() - began,
            ending.interrupted,
            ending.trouble,
            late=ending.late,
        )

    def _attempt(self) -> Attempt:
        setting = Setting(
            iss=Seq(self.random.getrandbits(32)),
            terms=Terms(self.options.profile, allowed(self.scenario)),
            start=UNKNOWN_PORT,
            patience=self.line.patience,
        )
        conductor = Reenactment(self.play, setting, self.random.getrandbits(32))
        flow = Flow(Endpoint(self.line.link.source, self.line.pool.take()), self.target)
        return Attempt(conductor.scenario, conductor, flow)

    def _finished(self, attempt: Attempt) -> None:
        self.line.pool.give(attempt.flow.local.port)
        attempt.path_delay = SCHEDULING
        self.attempts.append(attempt)
        self.opinions.append(judge(case_of(attempt)))

    # -- results ---------------------------------------------------------------------------------------------------

    def _result(self, dropped: int, *, late: bool) -> ExchangeResult:
        verdict = Opinion(Verdict.INCONCLUSIVE, "not played", why=Why.NOT_PLAYED)
        if self.opinions:
            verdict = settle(self.opinions, clean=not dropped and not is_noise(self.opinions))
        verdict = in_time(verdict, self.opinions) if late else verdict
        shown = evidence(self.opinions, self.attempts)
        result = result_of(self.scenario, self.target, after_losses(verdict, dropped), self.opinions, shown)
        title = f"the client of connection {self.picked.index} ({self.picked.client} > {self.picked.server})"
        if shown is None or not isinstance(shown.conductor, Reenactment):
            return replace(result, title=title)
        play = shown.conductor
        departures = tuple(sorted(play.departures, key=lambda d: d.step))
        reason = result.reason
        if departures and not reason and result.verdict is Verdict.PASS:
            count = len(departures)
            reason = f"departed from the capture at {count} place{'s' if count > 1 else ''}, within the RFC"
        return replace(result, title=title, reason=reason, departures=departures, captured=beside(play))

    def _shortcomings(self) -> list[str]:
        """What the capture lacks of the client's side."""
        own = [p.segment for p in self.play.packets if p.from_client]
        cut = sum(s.length - len(s.payload) for s in own)
        out = []
        if cut:
            out.append(f"the capture lacks {cut:,} octets of the client's text (snap length): zeros are sent for them")
        if self.play.hole is not None:
            out.append(f"the capture lacks segments of the client from its octet {self.play.hole} on: they stay unsent")
        return out

    def _record(self) -> None:
        """Every packet seen, with sentences for people; a check's metadata would promise what replay cannot keep."""
        recorder = self.options.recorder
        if recorder is None:
            return
        comments: dict[int, list[str]] = {}
        for number, (attempt, opinion) in enumerate(zip(self.attempts, self.opinions, strict=True), 1):
            comments |= comments_of(attempt, opinion, number, attempt.conductor.setting.terms)
        for arrival in self.line.loop.arrivals:
            said = [c for c in comments.get(arrival.number, ()) if not c.startswith(ATTEMPT)]
            recorder.add(arrival.packet, arrival.time, said, sent=arrival.sent)
        recorder.flush()
