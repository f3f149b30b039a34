"""We play the server: clients that connect to a held port are answered with crafted segments and judged."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import replace
from fnmatch import fnmatchcase

from probe import scenarios
from probe.engine.belief.events import Seen
from probe.engine.judge.answers import summarize
from probe.engine.judge.attempt import Opinion, judge
from probe.engine.judge.excuses import Doubt
from probe.engine.judge.jury import MOST
from probe.engine.play.conductor import Conductor
from probe.engine.trial.attempt import Attempt, case_of
from probe.engine.trial.hearing import Hearing
from probe.live.frame import Frame
from probe.live.line import EVERYWHERE, Line, open_port
from probe.live.options import ListenOptions
from probe.results.verdict import Run, Verdict, Why
from probe.scenarios.steps import Scenario
from probe.scenarios.triggers import HTTP_CLIENT, ITSELF, TARGET, Trigger, missing, user_line
from probe.spec.segment import FIN, Endpoint, Flow
from probe.wire.errors import TargetError, WireError
from probe.wire.link import Arrival
from probe.wire.route import find_route

FIRST = "active-open"
_FOREVER = 10 * 365 * 86400.0
_NAMED = {"http": HTTP_CLIENT, "wait": ITSELF, "none": ITSELF, "hold": Trigger("hold", {"connect": b""})}
_METHODS = (b"GET ", b"POST ", b"HEAD ", b"PUT ", b"OPTIONS ", b"DELETE ", b"PATCH ", b"PRI ")


def listen(port: int, options: ListenOptions | None = None) -> Run:
    """Judge the client that connects to ``port``; WireError when the port cannot be held or the line not opened.

    TargetError when no exchange asked for can be played with such a client.
    """
    chosen = options or ListenOptions()
    if not _chosen(chosen):
        raise TargetError("no client does of itself what these exchanges need: name a `probe target` with --ask")
    with open_port(port, chosen) as line:
        return _Listening(port, chosen, line).run()


class _Listening:
    """One run in progress."""

    def __init__(self, port: int, options: ListenOptions, line: Line) -> None:
        self.port, self.options, self.asker = port, options, line.asker
        self.frame = Frame(line, options, admit=self._admit)
        # None where the client's first words will tell how it is brought to close.
        self.trigger: Trigger | None = None
        if options.ask is not None:
            self.trigger = TARGET
        elif options.trigger in _NAMED:
            self.trigger = _NAMED[options.trigger]
        elif options.trigger != "auto":
            self.trigger = Trigger("line", {"connect": b"", **user_line(options.trigger).lines})
        self.client = options.client
        self.others: set[str] = set()
        self.scenarios = _chosen(options)
        self.hearing = Hearing(Endpoint(options.client or EVERYWHERE[4], 0), self.scenarios)
        for scenario in self.scenarios:
            self.hearing.add(scenario)
        self.queue = deque(self.scenarios)
        self.hurried: set[str] = set()
        """Exchanges in which the client closed before we could."""
        self.taken = self.waiting = 0

    def run(self) -> Run:
        """Until every exchange is judged, the connections asked for have come, or the time is over."""
        self._tell()
        with self.frame:
            while self.queue:
                self.frame.play(self._next, self._finished, self.options.parallel)
                if self._over():
                    break
        return self._result()

    def _result(self) -> Run:
        self.hearing.target = Endpoint(self.client or self.hearing.target.address, 0)
        for scenario in self.queue:
            if not self.hearing.opinions[scenario.id]:
                self.hearing.opinions[scenario.id].append(
                    Opinion(Verdict.INCONCLUSIVE, "no connection came for it", why=Why.NOT_OPENED)
                )
        results = self.hearing.results(interrupted=self.frame.interrupted)
        summary = summarize(results, {s.id: s.topic for s in self.scenarios})
        warnings = []
        if self.others:
            names = ", ".join(sorted(self.others)[:5]) + (" and others" if len(self.others) > 5 else "")
            warnings.append(f"only {self.client} was judged; connections of {names} were left alone (--from chooses)")
        version, path = 6 if ":" in self.client else 4, self.hearing.path()
        run = self.frame.run(self.client or "nobody", version, summary, results, warnings, path=path)
        self.frame.save(self.hearing, run)
        return run

    # -- connections -----------------------------------------------------------------------------------------------

    def _admit(self, arrival: Arrival) -> bool:
        """Whether the connection that begins here is one of the client's; the first to come is the client."""
        address = arrival.flow.remote.address
        if self.client not in ("", address):
            self.others.add(address)
            return False
        if self._over():
            return False
        if self.taken == 0:
            self.client = address
            table = self.frame.line.table
            with suppress(TargetError, WireError):  # no way back to it: then it is not of this machine
                if table.available and find_route(address, interface=self.options.interface).local:
                    self.frame.loop.table = table
        self.taken += 1
        return True

    def _over(self) -> bool:
        counted = self.options.count is not None and self.taken >= self.options.count
        return counted or (self.options.deadline is not None and self._left() <= 0)

    def _left(self) -> float:
        deadline = _FOREVER if self.options.deadline is None else self.options.deadline
        return deadline - self.frame.seconds

    def _next(self) -> Attempt | None:
        if not self.queue or self._over():
            return None
        # One in which the client must be brought to close waits until it is known how.
        known = self.trigger is not None
        scenario = next((s for s in self.queue if known or "close" not in s.commands), self.queue[0])
        self.queue.remove(scenario)
        setting = self.frame.setting(scenario, self.trigger or HTTP_CLIENT)
        setting = replace(setting, coming=None if self.asker else self._left(), hurried=scenario.id in self.hurried)
        # The flow until a client comes; a port number of its own tells apart those that wait at the same port.
        self.waiting = self.waiting % 65535 + 1
        ask, here = self.options.ask, EVERYWHERE[4]
        if ask is not None:
            here = find_route(ask.address, source=self.options.source, interface=self.options.interface).source
        flow = Flow(Endpoint(here, self.port), Endpoint(ask.address if ask else EVERYWHERE[4], self.waiting))
        return Attempt(scenario, Conductor(scenario, setting), flow, path_delay=self.frame.habits.path_delay)

    def _finished(self, attempt: Attempt) -> None:
        opinion = judge(case_of(attempt))
        self._learn(attempt)
        if self._over():
            self.frame.loop.stop(lambda other: not other.conductor.transcript.seen())
        name = attempt.scenario.id
        if not attempt.conductor.transcript.seen() and opinion.doubt is Doubt.NO_EVIDENCE and not self.asker:
            self.queue.append(attempt.scenario)  # nobody came: it has not been played
            return
        self.hearing.opinions[name].append(opinion)
        self.hearing.attempts[name].append(attempt)
        if not self.hearing.enough(attempt.scenario) or self._was_late(attempt, opinion):
            self.queue.append(attempt.scenario)
        elif self.options.told is not None:
            self.hearing.target = Endpoint(self.client, 0)
            if result := self.hearing.certain(attempt.scenario):
                self.options.told(result)
        self._tell()

    def _was_late(self, attempt: Attempt, opinion: Opinion) -> bool:
        """Whether the client closed before we could, which it need not where we hurry."""
        if opinion.why is not Why.APPLICATION or attempt.conductor.transcript.missing:
            return False
        self.hurried.add(attempt.scenario.id)
        return len(self.hearing.opinions[attempt.scenario.id]) < MOST

    def _learn(self, attempt: Attempt) -> None:
        """What the client says, or that it closes without a word, tells how it is brought to close."""
        events = attempt.conductor.transcript.events
        came = [e.segment for e in events if isinstance(e, Seen) and not e.to_peer]
        said = b"".join(segment.payload for segment in came)
        if self.trigger is None and said.startswith(_METHODS):
            self.trigger = HTTP_CLIENT
        elif self.trigger is None and (said or any(segment.flags & FIN for segment in came)):
            self.trigger = ITSELF

    def _tell(self) -> None:
        if self.options.tell is None:
            return
        waiting = [s for s in self.scenarios if not self.hearing.enough(s)]
        done = len(self.scenarios) - len(waiting)
        if waiting:
            named = f"{waiting[0].id}, {waiting[0].title}"
            who = f"{self.client or 'a client'} to connect to port {self.port}"
            self.options.tell(f"{done} of {len(self.scenarios)} done; waiting for {who} (next: {named})")


def _chosen(options: ListenOptions) -> list[Scenario]:
    """The exchanges asked for, the plain handshake first; an id may be a pattern with ``*``."""
    # Only a `probe target` connects in the way it is told to.
    able = TARGET if options.ask is not None else _NAMED.get(options.trigger, ITSELF)
    every = [s for s in scenarios.ALL.values() if s.opens == "peer" and not missing(able, s.commands)]
    if options.only:
        return [s for s in every if any(fnmatchcase(s.id, pattern) for pattern in options.only)]
    return [s for s in every if options.waits or not s.waits]
