"""A tester that sends anything to a conforming end, as a live check records it: every belief goes on explaining it."""

from __future__ import annotations

from collections import deque
from random import Random

from probe.engine.belief.events import Event, Quiet, Seen
from probe.engine.belief.hypothesis import Excuse
from probe.engine.belief.tracker import CLOSED, UNKNOWN_PORT, Terms
from probe.engine.belief.watch import follow
from probe.spec.reaction import PROFILES
from probe.spec.segment import ACK, FIN, PSH, RST, SYN, TIMESTAMPS, URG, WSCALE, Option, Segment
from probe.spec.seq import SPACE, Seq
from tests.fuzz.campaign import Campaign, WrongError
from tests.fuzz.ends import End, number
from tests.helpers.record import MEMORY

USUAL = (ACK, ACK | FIN)
FLAGS = (*USUAL * 4, SYN, SYN | ACK, RST, RST | ACK, 0, FIN, SYN | FIN, SYN | RST, ACK | URG | PSH)
FAR = (-1, 1, 2, -10, 10, 100, 65535, -65536, 2**20, 2**30, 2**31)


class Tester:
    """Knows its own numbers and those the end has shown; at times it uses others."""

    def __init__(self, rng: Random) -> None:
        """Its offers are drawn once."""
        self._rng = rng
        self._iss = number(rng)
        self._next, self._told = self._iss, self._iss
        self._ack: Seq | None = None
        self._clock, self._echo = rng.getrandbits(32), 0
        self._scale: int | None = rng.choice((None, 0, 7))
        self._stamps = rng.random() < 0.6

    def sends(self, *, opens: bool) -> Segment:
        """Its SYN, or SYN,ACK, first where it ``opens``; then anything."""
        rng = self._rng
        first = self._next == self._iss
        flags = rng.choice(FLAGS if rng.random() < 0.6 else USUAL)
        if first and opens:
            flags = SYN if self._ack is None else SYN | ACK
        flags = flags if self._ack is not None else flags & ~ACK
        near = self._next if rng.random() < 0.6 else rng.choice((self._iss, self._iss + 1, self._told))
        seq = near if first or rng.random() < 0.6 else near + rng.choice(FAR)
        ack = (self._ack or Seq(0)) + (0 if first or rng.random() < 0.7 else rng.choice(FAR))
        length = rng.choice((0, 0, 1, 10, 100))
        window = rng.choice((0, 1, 100, 8192, 65535))
        segment = Segment(
            seq, ack if flags & ACK else Seq(0), flags, window, length, bytes(length), self._options(flags)
        )
        if seq == self._next and (first or flags & (ACK | SYN | RST) == ACK):
            self._next = segment.end
        return segment

    def _options(self, flags: int) -> tuple[Option, ...]:
        scale = (Option(WSCALE, bytes([self._scale])),) if flags & SYN and self._scale is not None else ()
        if not self._stamps or (not flags & SYN and self._rng.random() < 0.1):
            return scale
        self._clock += self._rng.choice((0, 1, 1, 10))
        value = (self._clock - self._rng.choice((0, 0, 0, 0, 3, 2**31))) % SPACE
        return (*scale, Option(TIMESTAMPS, value.to_bytes(4, "big") + self._echo.to_bytes(4, "big")))

    def hears(self, segment: Segment) -> None:
        """What the end shows of its numbers."""
        if not segment.flags & RST:
            self._ack = segment.end
        self._told = segment.ack if segment.flags & ACK else self._told
        self._echo = (segment.timestamps or (self._echo, 0))[0]


def exchange(rng: Random, profile: str, *, active: bool, crossing: bool) -> list[Event]:
    """What passes at the tester; ``crossing``: it does not wait for what is on its way, either to the end or back."""
    end, tester = End(rng, listening=not active, profile=profile, quits=False), Tester(rng)
    events: list[Event] = []
    there: deque[Segment] = deque()
    back: deque[Segment] = deque(end.opens() if active else ())
    for _ in range(rng.randint(3, 30)):
        if rng.random() < 0.4:
            there.append(tester.sends(opens=not active or rng.random() < 0.8))
            events.append(Seen(0.0, True, there[-1]))
        elif not back:
            back.extend(end.sends_again() if rng.random() < 0.3 else end.acts())
        quiet = not crossing and rng.random() < 0.3
        while there and (not crossing or rng.random() < 0.5):
            back.extend(end.arrives(there.popleft()))
        back.extend(end.acknowledges() if quiet else ())
        while back and (not crossing or rng.random() < 0.5):
            tester.hears(back[0])
            events.append(Seen(0.0, False, back.popleft()))
        events += [Quiet(0.0)] if quiet else []
    return events


def _case(rng: Random) -> None:
    profile, active = rng.choice(PROFILES), rng.random() < 0.3
    events = exchange(rng, profile, active=active, crossing=rng.random() < 0.3)
    terms = Terms(profile, frozenset({Excuse.ABORT, Excuse.REPEAT}))
    watch = follow(events, CLOSED if active else UNKNOWN_PORT, terms, MEMORY)
    if watch.broken_at is None or any(point.crowded for point in watch.points):
        return
    passed = [e for e in events[: watch.broken_at + 1] if isinstance(e, Seen)]
    story = [f"  {'>' if e.to_peer else '<'} {watch.numbers.text(e.segment, e.to_peer)}" for e in passed]
    last = "" if isinstance(events[watch.broken_at], Seen) else "  and then silence"
    raise WrongError(f"a conforming end is not explained, {profile}", "\n".join(["", *story, last]))


CAMPAIGN = Campaign("watched", "anything sent to a conforming end: it stays explained", _case)
