"""We play the server: clients that connect to a held port are answered with crafted segments and judged."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from fnmatch import fnmatchcase

from probe import scenarios
from probe.engine.belief.events import Seen
from probe.engine.belief.tracker import CLOSED, Terms, allowed
from probe.engine.judge.answers import summarize
from probe.engine.judge.attempt import Doubt, Opinion, judge
from probe.engine.judge.jury import heard_enough
from probe.engine.play.conductor import Conductor, Setting
from probe.engine.trial.attempt import Attempt, case_of
from probe.engine.trial.hearing import Hearing
from probe.live.ending import Ending
from probe.live.loop import End, Loop
from probe.live.patience import SCHEDULING
from probe.recording.writing import save
from probe.results.verdict import ExchangeResult, Run, Verdict, Why
from probe.scenarios.steps import Scenario
from probe.scenarios.triggers import HTTP_CLIENT, ITSELF, TARGET, Trigger, missing, user_line
from probe.spec.segment import FIN, Endpoint, Flow
from probe.spec.seq import Seq
from probe.wire.addresses import zone_suffix
from probe.wire.ask import Asker
from probe.wire.errors import TargetError, WireError
from probe.wire.guard import PortPool
from probe.wire.link import Arrival
from probe.wire.raw import RawLink
from probe.wire.record import Recorder
from probe.wire.route import find_route
from probe.wire.several import SeveralLinks
from probe.wire.sockdiag import KernelTable

EVERYWHERE = {4: "0.0.0.0", 6: "::"}  # noqa: S104 - held and guarded: nothing but crafted segments answers there
FIRST = "active-open"
_FOREVER = 10 * 365 * 86400.0
_METHODS = (b"GET ", b"POST ", b"HEAD ", b"PUT ", b"OPTIONS ", b"DELETE ", b"PATCH ", b"PRI ")


@dataclass(frozen=True, slots=True)
class ListenOptions:
    """Settings of ``listen``.

    ``only`` names exchanges (empty: all that a peer opens); ``waits`` False leaves out those that wait for a timer.
    ``trigger``: auto (a client that speaks HTTP gets a page, another closes of itself), http, none, or a line that
    makes the client close. ``ask`` is a `probe target` that is told to connect. ``client`` alone is judged; else the
    first one that comes. ``count`` connections are taken at most, for ``deadline`` seconds at most. ``tell`` gets a
    sentence whenever what is waited for changes, ``told`` every result as soon as nothing can change it any more.
    """

    profile: str = "rfc9293"
    only: tuple[str, ...] = ()
    waits: bool = True
    trigger: str = "auto"
    ask: Endpoint | None = None
    client: str = ""
    versions: tuple[int, ...] = (4, 6)
    source: str | None = None
    interface: str | None = None
    patience: float = 1.0
    count: int | None = None
    deadline: float | None = None
    seed: int | None = None
    parallel: int = 4
    recorder: Recorder | None = None
    tell: Callable[[str], None] | None = None
    told: Callable[[ExchangeResult], None] | None = None
    watch: Callable[[], None] | None = None


def listen(port: int, options: ListenOptions | None = None) -> Run:
    """Judge the client that connects to ``port``; WireError when the port cannot be held or the line not opened.

    TargetError when no exchange asked for can be played with such a client.
    """
    chosen = options or ListenOptions()
    if not _chosen(chosen):
        raise TargetError("no client does of itself what these exchanges need: name a `probe target` with --ask")
    with ExitStack() as exits:
        links: list[RawLink] = []
        sources = [chosen.source] if chosen.source else [EVERYWHERE[version] for version in chosen.versions]
        for source in sources:
            pool = exits.enter_context(PortPool(source))
            links.append(RawLink(None, source=source, interface=chosen.interface, pool=pool, ports=[port]))
        link = exits.enter_context(SeveralLinks(links))
        table = exits.enter_context(KernelTable())
        asker = (
            exits.enter_context(Asker(chosen.ask, zone=zone_suffix(chosen.ask.address, chosen.interface)))
            if chosen.ask
            else None
        )
        caveat = next((made.pool.caveat for made in links if made.pool.caveat), "")
        return _Listening(port, chosen, link, table, asker, caveat).run()


def _asker(target: Endpoint, interface: str | None) -> Asker:
    return Asker(target, zone=zone_suffix(target.address, interface))


class _Listening:
    """One run in progress."""

    def __init__(
        self,
        port: int,
        options: ListenOptions,
        link: SeveralLinks,
        table: KernelTable,
        asker: Asker | None,
        caveat: str,
    ) -> None:
        self.port, self.options, self.link, self.asker, self.caveat = port, options, link, asker, caveat
        self.table = table if table.available else None
        self.random = random.Random(options.seed)  # ISNs of a test tool, repeatable by seed
        recorded = options.recorder.count if options.recorder is not None else 0
        ask = asker.ask if asker else None
        self.loop = Loop(link, recorded=recorded, ask=ask, admit=self._admit, end=End(watch=options.watch))
        self.trigger = _known(options)
        self.client = options.client
        self.others: set[str] = set()
        self.scenarios = _chosen(options)
        self.hearing = Hearing(Endpoint(options.client or "0.0.0.0", 0), self.scenarios)  # noqa: S104 - nobody yet
        for scenario in self.scenarios:
            self.hearing.add(scenario)
        self.queue = deque(self.scenarios)
        self.begun = time.monotonic()
        self.taken = self.waiting = 0

    def run(self) -> Run:
        """Until every exchange is judged, the connections asked for have come, or the time is over."""
        self._tell()
        with Ending() as end:
            while self.queue:
                self.loop.run(self._next, self._finished, self.options.parallel)
                if self._over():
                    break
        return self._result(end)

    def _result(self, end: Ending) -> Run:
        dropped = self.link.losses().dropped
        self.hearing.target = Endpoint(self.client or self.hearing.target.address, 0)
        for scenario in self.queue:
            if not self.hearing.opinions[scenario.id]:
                self.hearing.opinions[scenario.id].append(
                    Opinion(Verdict.INCONCLUSIVE, "no connection came for it", why=Why.NOT_OPENED)
                )
        results = self.hearing.results(dropped=dropped, interrupted=end.interrupted)
        seconds = time.monotonic() - self.begun
        summary = summarize(results, {s.id: s.topic for s in self.scenarios})
        version = 6 if ":" in self.client else 4
        run = Run(
            self.client or "nobody",
            version,
            summary,
            results,
            tuple(self._warnings()),
            seconds,
            end.interrupted,
            end.trouble,
        )
        if self.options.recorder is not None:
            save(self.options.recorder, self.loop.arrivals, self.hearing, run, dropped, self.caveat)
        return run

    def _warnings(self) -> list[str]:
        found = [self.caveat] if self.caveat else []
        if self.others:
            names = ", ".join(sorted(self.others)[:5]) + (" and others" if len(self.others) > 5 else "")
            found.append(f"only {self.client} was judged; connections of {names} were left alone (--from chooses)")
        return found + (self.asker.failures[:1] if self.asker else [])

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
            self.loop.table = self.table if self.table is not None and self._is_here(address) else None
        self.taken += 1
        return True

    def _is_here(self, address: str) -> bool:
        """Whether the client is of this machine, so that its kernel can be asked."""
        try:
            return find_route(address, interface=self.options.interface).local
        except (TargetError, WireError):
            return False

    def _over(self) -> bool:
        counted = self.options.count is not None and self.taken >= self.options.count
        return counted or (self.options.deadline is not None and self._left() <= 0)

    def _left(self) -> float:
        deadline = _FOREVER if self.options.deadline is None else self.options.deadline
        return self.begun + deadline - time.monotonic()

    def _next(self) -> Attempt | None:
        if not self.queue or self._over():
            return None
        scenario = self._ripe()
        setting = Setting(
            iss=Seq(self.random.getrandbits(32)),
            trigger=self.trigger or HTTP_CLIENT,
            terms=Terms(self.options.profile, allowed(scenario)),
            start=CLOSED,
            patience=self.options.patience,
            coming=None if self.asker else self._left(),
        )
        return Attempt(scenario, Conductor(scenario, setting), self._expected_flow())

    def _ripe(self) -> Scenario:
        """The next exchange; one in which the client must be brought to close waits until it is known how."""
        known = self.trigger is not None
        found = next((s for s in self.queue if known or "close" not in s.commands), self.queue[0])
        self.queue.remove(found)
        return found

    def _expected_flow(self) -> Flow:
        """The flow until a client comes; a port number of its own tells apart those that wait at the same port."""
        self.waiting = self.waiting % 65535 + 1
        if self.options.ask is None:
            return Flow(Endpoint(EVERYWHERE[4], self.port), Endpoint(EVERYWHERE[4], self.waiting))
        own = find_route(self.options.ask.address, source=self.options.source, interface=self.options.interface).source
        return Flow(Endpoint(own, self.port), Endpoint(self.options.ask.address, self.waiting))

    def _finished(self, attempt: Attempt) -> None:
        attempt.path_delay = SCHEDULING
        opinion = judge(case_of(attempt))
        self._learn(attempt)
        if self._over():
            self.loop.stop(lambda other: not other.conductor.transcript.seen())
        name = attempt.scenario.id
        if not attempt.conductor.transcript.seen() and opinion.doubt is Doubt.NO_EVIDENCE and not self.asker:
            self.queue.append(attempt.scenario)  # nobody came: it has not been played
            return
        self.hearing.opinions[name].append(opinion)
        self.hearing.attempts[name].append(attempt)
        if not heard_enough(self.hearing.opinions[name]):
            self.queue.append(attempt.scenario)
        elif self.options.told is not None:
            self.hearing.target = Endpoint(self.client, 0)
            if result := self.hearing.certain(attempt.scenario):
                self.options.told(result)
        self._tell()

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
        done = sum(heard_enough(heard) for heard in self.hearing.opinions.values())
        waiting = [s for s in self.scenarios if not heard_enough(self.hearing.opinions[s.id])]
        if waiting:
            named = f"{waiting[0].id}, {waiting[0].title}"
            who = f"{self.client or 'a client'} to connect to port {self.port}"
            self.options.tell(f"{done} of {len(self.scenarios)} done; waiting for {who} (next: {named})")


def _known(options: ListenOptions) -> Trigger | None:
    """How the client is brought to close, or None where its first words will tell."""
    if options.ask is not None:
        return TARGET
    if options.trigger == "auto":
        return None
    known = {"http": HTTP_CLIENT, "none": ITSELF}.get(options.trigger)
    return known or Trigger("line", {"connect": b"", **user_line(options.trigger).lines})


def _chosen(options: ListenOptions) -> list[Scenario]:
    """The exchanges asked for, the plain handshake first; an id may be a pattern with ``*``."""
    able = TARGET if options.ask is not None else ITSELF  # only a `probe target` connects in the way it is told to
    every = [s for s in scenarios.ALL.values() if s.opens == "peer" and not missing(able, s.commands)]
    if options.only:
        return [s for s in every if any(fnmatchcase(s.id, pattern) for pattern in options.only)]
    return [s for s in every if options.waits or not s.waits]
