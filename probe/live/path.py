"""The path by itself: the few exchanges that tell its suspects apart, and the hop where a segment vanishes."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from probe.live.check import check
from probe.live.line import open_line
from probe.live.options import CheckOptions, Options
from probe.results.path import Suspect
from probe.results.path_run import Hop, PathRun
from probe.results.verdict import Run, Verdict, Why
from probe.spec.icmp import Icmp, IcmpKind
from probe.spec.segment import ACK, MSS, PSH, RST, SYN, Endpoint, Flow, Option, Segment
from probe.spec.seq import Seq
from probe.wire.errors import WireError
from probe.wire.guard import PortPool
from probe.wire.raw import RawLink

EXCHANGES = (
    "open",
    "synack-retransmitted",
    "synack-stops",
    "ack-outside-syn-received",
    "bad-ack-syn-received",
    "old-syn-syn-received",
    "listen-ack",
    "closed-ack",
    "closed-no-ack",
    "data-outside",
    "fin-outside",
    "data-again",
    "old-syn-established",
    "syn-again-established",
    "rst-outside",
    "close-by-us",
)
"""What a filter drops and what it lets through, in and out of a connection; what only a listener's own state brings."""
MOST = 30
"""Routers that are looked for at most."""
_TRIES = 2
_PATIENCE = 1.0
_PAUSE = 1.1
"""Seconds before a router is asked once more: Linux sends one ICMP error a second to a host (icmp_ratelimit)."""
_BEYOND = 1 << 20
"""So far outside every window the segment lies that vanishes."""
_KEEPS_BACK = (Suspect.FILTER, Suspect.TRANSLATION)
_OFFER = (Option(MSS, (536).to_bytes(2, "big")),)


def path(target: Endpoint, options: Options) -> PathRun:
    """Play what tells of the path to ``target``; WireError or TargetError where that cannot begin."""
    began = time.monotonic()
    fields = ("patience", "interface", "source", "seed", "recorder", "until", "watch")
    given = {name: getattr(options, name) for name in fields}
    run = check(target, CheckOptions(**given, profile=options.profile, only=EXCHANGES, trigger="none"))
    found = _found(target, options.profile, run)
    if any(one.suspect in _KEEPS_BACK for one in found.path.accepted) and not run.interrupted:
        try:
            found = _with_hops(target, options, found)
        except WireError as error:
            found = replace(found, trouble=str(error))
        except KeyboardInterrupt:
            found = replace(found, interrupted=True)
    return replace(found, seconds=time.monotonic() - began)


def _found(target: Endpoint, profile: str, run: Run) -> PathRun:
    assert run.path is not None
    words = {e.id: e.verdict for e in run.exchanges}
    first = next((e for e in run.exchanges if e.id == "open"), None)
    return PathRun(
        str(target),
        target.version,
        run.path,
        answered=first is not None
        and (first.why is Why.PATH or first.verdict not in (Verdict.INCONCLUSIVE, Verdict.SKIP)),
        verdicts=Counter(words.values()),
        profile=profile,
        interrupted=run.interrupted and not run.trouble,
        trouble=run.trouble,
        warnings=run.warnings,
    )


def _with_hops(target: Endpoint, options: Options, found: PathRun) -> PathRun:
    with open_line(target, options) as line:
        assert isinstance(line.link, RawLink)
        walk = _Walk(line.link, line.pool, target, options.patience or _PATIENCE, random.Random(options.seed))
        routers = tuple(walk.routers())
        if not routers:
            return found
        flow, ours, theirs = walk.opened()
        stray = Segment(ours + _BEYOND, theirs, ACK | PSH, length=1, payload=b"x")
        hops = tuple(
            replace(hop, alive=walk.expired(flow, stray, hop.number) is not None if hop.host else None)
            for hop in routers
        )
        line.link.send(flow, Segment(ours, flags=RST))
        return replace(found, hops=hops, sent=stray.text(ours - 1, theirs - 1))


@dataclass(slots=True)
class _Walk:
    """Segments that end one router further each time; ``patience`` seconds are given to each answer."""

    link: RawLink
    pool: PortPool
    target: Endpoint
    patience: float
    chance: random.Random

    def routers(self) -> Iterator[Hop]:
        """Those before the target, by SYNs; the first that reaches it ends the walk."""
        for number in range(1, MOST + 1):
            flow = self._flow()
            syn = Segment(Seq(self.chance.getrandbits(32)), flags=SYN, options=_OFFER)
            for turn in range(_TRIES):
                self._pause(turn)
                self.link.send(flow, syn, number)
                came = self._answer(flow)
                if isinstance(came, Segment):
                    if not came.flags & RST:
                        self.link.send(flow, Segment(came.ack, flags=RST))
                    return
                if came is not None:
                    yield Hop(number, came.host)
                    break
            else:
                yield Hop(number)

    def opened(self) -> tuple[Flow, Seq, Seq]:
        """A connection: its flow, our next number and the peer's. WireError where there is none."""
        flow, iss = self._flow(), Seq(self.chance.getrandbits(32))
        for turn in range(_TRIES):
            self._pause(turn)
            self.link.send(flow, Segment(iss, flags=SYN, options=_OFFER))
            came = self._answer(flow)
            if isinstance(came, Segment) and came.flags & (SYN | ACK) == SYN | ACK:
                self.link.send(flow, Segment(iss + 1, came.seq + 1, ACK))
                return flow, iss + 1, came.seq + 1
        raise WireError(f"{self.target} gave no connection to send the segment on that vanishes")

    def expired(self, flow: Flow, segment: Segment, hops: int) -> Icmp | None:
        """What the router says at which the segment ends; None where none says anything."""
        for turn in range(_TRIES):
            self._pause(turn)
            self.link.send(flow, segment, hops)
            came = self._answer(flow, errors_only=True)
            if isinstance(came, Icmp):
                return came
        return None

    def _flow(self) -> Flow:
        return Flow(Endpoint(self.pool.address, self.pool.take()), self.target)

    def _pause(self, turn: int) -> None:
        """Before another try."""
        if turn:
            self._answer(None, _PAUSE)

    def _answer(
        self, flow: Flow | None, seconds: float | None = None, *, errors_only: bool = False
    ) -> Segment | Icmp | None:
        """The first segment of the peer, or error about one of ours, that belongs to the flow."""
        until = time.monotonic() + (self.patience if seconds is None else seconds)
        while True:
            arrivals = self.link.receive(until)
            for arrival in arrivals:
                if arrival.sent or arrival.flow != flow:
                    continue
                if arrival.icmp is not None and arrival.icmp.kind is IcmpKind.EXPIRED:
                    return arrival.icmp
                if arrival.icmp is None and not errors_only:
                    return arrival.segment
            if not arrivals and time.monotonic() >= until:
                return None
