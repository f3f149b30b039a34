"""A filter that keeps nothing in mind and drops flags that no TCP sends together: none at all, SYN and FIN, FIN alone.

Such rules against port scans are as ordinary as stateful ones. What would answer such a segment tells of them, a port
without that connection above all (RFC 9293 section 3.10.7.1). Where they come to nothing and all others do not, nobody
can say from here whether it is the peer's, or a filter's.
"""

from __future__ import annotations

from collections import Counter

from probe.engine.belief.events import Event, Seen
from probe.engine.path import readings
from probe.engine.path.record import NOTHING, STRAY, UNACCEPTABLE, Record
from probe.engine.path.rejected import kind
from probe.engine.path.tally import ENOUGH
from probe.results.path import Standing, Suspect, Suspicion
from probe.spec.segment import ACK, FIN, OPENING, RST, SYN

_ORDINARY = frozenset({SYN, SYN | ACK, ACK, FIN | ACK, RST, RST | ACK})


def is_odd(event: Event) -> bool:
    """Whether it is a segment with such flags."""
    return isinstance(event, Seen) and event.segment.flags & OPENING not in _ORDINARY


class OddFlags:
    """What became of the segments with such flags in a run, kind by kind."""

    def __init__(self) -> None:
        self._silent: Counter[str] = Counter()
        self._astray = 0
        """Attempts with such silences where there was no connection; in one, many stacks drop such flags themselves."""
        self._answered: set[str] = set()
        self._sent: dict[str, set[str]] = {}
        self._explained = 0
        self._others_answered = False

    def heard(self, record: Record) -> None:
        """One more attempt."""
        sent = {i: e.segment for i, e in enumerate(record.events) if isinstance(e, Seen) and e.to_peer}
        # What lies behind the header makes no difference to such a filter.
        odd = {i: kind(segment).removesuffix("+") for i, segment in sent.items() if is_odd(record.events[i])}
        self._others_answered |= any(row in STRAY | UNACCEPTABLE and i not in odd for i, row in record.answered.items())
        if not odd:
            return
        self._sent.setdefault(record.name, set()).update(odd.values())
        # Without the last of them before it departs it gets further, or that one came to the peer.
        kept, watch, rows = NOTHING, record.plain, set[str]()
        while (broken := watch.broken_at) is not None and (before := [i for i in odd if i < broken and i not in kept]):
            kept |= {before[-1]}
            rows |= {row for i, row in readings.due(watch) if i == before[-1]}
            watch = record.without(kept)
            if watch.broken_at is not None and watch.broken_at <= broken:
                break
        if kept and watch.broken_at is None:
            self._explained += 1
            self._astray += not rows.isdisjoint(STRAY)
            self._silent.update({odd[i] for i in kept})
        self._answered |= {odd[i] for i, _ in readings.answered(watch) if i in odd}

    def suspicion(self) -> Suspicion:
        """What it comes to; the variant lists the kinds (``models.model`` reads it)."""
        kinds = self._silent.keys() - self._answered
        silent = max((self._silent[one] for one in kinds), default=0)
        standing = Standing.OPEN if kinds or not self._answered else Standing.REFUSED
        if silent >= ENOUGH and self._astray and self._others_answered:
            standing = Standing.ACCEPTED
        rests = tuple(name for name, sent in self._sent.items() if standing is Standing.ACCEPTED and sent & kinds)
        told = ", ".join(sorted(f"'{one}'" for one in kinds))
        reason = f"flags that no TCP sends together met silence ({told}), as by a filter against port scans"
        variant = " ".join(f"{one} {one}+" for one in sorted(kinds))
        return Suspicion(
            Suspect.FLAGS, standing, self._explained, len(self._answered), reason if kinds else "", rests, variant
        )
