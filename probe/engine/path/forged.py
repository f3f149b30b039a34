"""RSTs that another host sent in the peer's name: a firewall that refuses, or resets what it finds odd.

All segments of a host take the same way, and as a rule begin it with the same TTL (Hop Limit of IPv6). A RST that came
with another one than the rest of its connection came from elsewhere. Some stacks give RSTs a TTL of their own, but
always: so one must be known that came with the usual one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from probe.engine.belief.events import Event, Seen
from probe.engine.path.record import Record
from probe.engine.path.tally import ENOUGH, EXCHANGES, Tally
from probe.results.path import Standing, Suspect, Suspicion
from probe.spec.segment import RST


def _came(events: Iterable[Event]) -> list[tuple[int, Seen]]:
    return [(i, e) for i, e in enumerate(events) if isinstance(e, Seen) and not e.to_peer and e.hops]


def _usual(events: Iterable[Event]) -> set[int]:
    """The TTLs with which the peer's segments came that are no RSTs."""
    return {event.hops for _, event in _came(events) if not event.segment.flags & RST}


def forged(events: Sequence[Event]) -> frozenset[int]:
    """The RSTs of a record that came with a TTL that nothing else of the peer's has there."""
    usual = _usual(events)
    return frozenset(i for i, e in _came(events) if usual and e.segment.flags & RST and e.hops not in usual)


class Forged:
    """What came of another host's, attempt by attempt."""

    def __init__(self) -> None:
        self._tally = Tally()
        self._usual: set[int] = set()
        self._resets: set[int] = set()

    def heard(self, record: Record) -> None:
        """One more attempt."""
        self._usual |= _usual(record.events)
        self._resets |= {event.hops for _, event in _came(record.events) if event.segment.flags & RST}
        if forged(record.events):
            self._tally.fits[record.name] += 1
            self._tally.rests[record.name] = None

    def suspicion(self) -> Suspicion:
        """What it comes to."""
        tally = self._tally
        fits = tally.fits.total()
        if fits and self._usual.isdisjoint(self._resets):
            return Suspicion(Suspect.FORGED, Standing.REFUSED, 0, fits, "all RSTs come with a TTL of their own")
        known = Standing.ACCEPTED if fits >= ENOUGH and len(tally.fits) >= EXCHANGES else Standing.OPEN
        reason = f"RSTs come from another host than the peer, by their TTL ({fits} attempts)" if fits else ""
        return tally.suspicion(Suspect.FORGED, known, reason)
