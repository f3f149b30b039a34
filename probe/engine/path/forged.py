"""RSTs that another host sent in the peer's name: a firewall that refuses, or resets what it finds odd.

All segments of a host take the same way, so that their TTL (Hop Limit of IPv6) has gone down by as much. One that came
over more hops or fewer than the rest of its connection is another host's. A TTL begins with one of a few numbers, and a
stack may have several: libslirp sends what belongs to no connection with another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from probe.engine.belief.events import Event, Seen
from probe.engine.path.record import Record
from probe.engine.path.tally import ENOUGH, EXCHANGES, Tally
from probe.results.path import Standing, Suspect, Suspicion
from probe.spec.segment import RST

_BEGIN = (64, 128, 255)
"""What stacks set a TTL to."""


def _came(events: Iterable[Event], *, resets: bool) -> dict[int, int]:
    """By event, the hops over which the peer's RSTs came, or all else of the peer's."""
    came = ((i, e) for i, e in enumerate(events) if isinstance(e, Seen) and not e.to_peer and e.hops)
    wanted = ((i, e.hops) for i, e in came if bool(e.segment.flags & RST) == resets)
    return {i: next(begin for begin in _BEGIN if ttl <= begin) - ttl for i, ttl in wanted}


def forged(events: Sequence[Event]) -> frozenset[int]:
    """The RSTs of a record that came over another number of hops than all else of the peer's there."""
    usual = set(_came(events, resets=False).values())
    return frozenset(i for i, far in _came(events, resets=True).items() if usual and far not in usual)


class Forged:
    """What came of another host's, attempt by attempt."""

    def __init__(self) -> None:
        self._tally = Tally()
        self._usual: set[int] = set()
        self._resets: set[int] = set()

    def heard(self, record: Record) -> None:
        """One more attempt."""
        self._usual |= set(_came(record.events, resets=False).values())
        self._resets |= set(_came(record.events, resets=True).values())
        if forged(record.events):
            self._tally.fits[record.name] += 1
            self._tally.rests[record.name] = None

    def suspicion(self) -> Suspicion:
        """What it comes to."""
        tally = self._tally
        fits = tally.fits.total()
        if fits and self._usual.isdisjoint(self._resets):
            return Suspicion(Suspect.FORGED, Standing.REFUSED, 0, fits, "all RSTs come over another number of hops")
        known = Standing.ACCEPTED if fits >= ENOUGH and len(tally.fits) >= EXCHANGES else Standing.OPEN
        reason = f"RSTs come from another host than the peer, by their TTL ({fits} attempts)" if fits else ""
        return tally.suspicion(Suspect.FORGED, known, reason)
