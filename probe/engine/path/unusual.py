"""Filters that keep nothing in mind and drop what is unusual in a header: flags of port scans, options of no use.

Such rules are as ordinary as stateful ones. What would answer such a segment tells of them, a port without that
connection above all (RFC 9293 sections 3.10.7.1 and 3.10.7.2): there nothing has looked at options or flags yet that
has a reason to mind them. Where they come to nothing and all others do not, nobody can say from here whether it is the
peer's, or a filter's. Where they are answered there, silence elsewhere is the peer's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from probe.engine.belief.events import Event, Seen
from probe.engine.path import readings
from probe.engine.path.record import NOTHING, STRAY, UNACCEPTABLE, Record
from probe.engine.path.rejected import kind
from probe.engine.path.tally import ENOUGH
from probe.results.path import Loss, Standing, Suspect, Suspicion
from probe.spec.segment import (
    ACK,
    EOL,
    FIN,
    MSS,
    NOP,
    OPENING,
    RST,
    SACK,
    SACK_PERMITTED,
    SYN,
    TIMESTAMPS,
    URG,
    WSCALE,
    Segment,
)

_ORDINARY = frozenset({SYN, SYN | ACK, ACK, FIN | ACK, RST, RST | ACK})
ORDINARY_OPTIONS = frozenset({EOL, NOP, MSS, WSCALE, SACK_PERMITTED, SACK, TIMESTAMPS})
_NEGOTIATED = frozenset({WSCALE, SACK_PERMITTED, TIMESTAMPS})
"""Those that a path may mind on a SYN, as little as there is against them."""
_LONG = 4
"""Octets of the shortest option with a number of more than one octet: that of the MSS."""
_CHANCE = 0.001
"""So many silences are less likely by loss than this."""
Kinds = Callable[[Segment], frozenset[str]]


def is_odd(event: Event) -> bool:
    """Whether it is a segment with flags that no TCP sends together."""
    return isinstance(event, Seen) and event.segment.flags & OPENING not in _ORDINARY


def flags(segment: Segment) -> frozenset[str]:
    """What is unusual in the flags, or text that comes with a SYN; else what is behind the header does not matter."""
    combined = {kind(segment).removesuffix("+")} if segment.flags & OPENING not in _ORDINARY else set()
    found = {"U"} if segment.flags & URG else set()
    found |= {"reserved"} if segment.reserved else set()
    text = {"SYN:text"} if segment.flags & SYN and segment.length else set()
    return _on(segment, found) | combined | text


def options(segment: Segment) -> frozenset[str]:
    """Options that hardly anybody sends, a long one that begins at an odd octet; on a SYN, an offer, or no MSS."""
    if any(option.fault for option in segment.options):
        return _on(segment, {"malformed"})  # what else there is nobody can read
    found = {str(option.kind) for option in segment.options if option.kind not in ORDINARY_OPTIONS}
    if _opens(segment):
        found |= {str(option.kind) for option in segment.options if option.kind in _NEGOTIATED}
        found |= {"no-MSS"} if segment.option(MSS) is None else set()
    at = 0
    for option in segment.options:
        found |= {"unaligned"} if at % 2 and option.size >= _LONG else set()
        at += option.size
    return _on(segment, found)


def _opens(segment: Segment) -> bool:
    return segment.flags & OPENING == SYN


def _on(segment: Segment, kinds: set[str]) -> frozenset[str]:
    """Many a middlebox looks at SYNs only."""
    return frozenset(f"SYN:{one}" for one in kinds) if _opens(segment) else frozenset(kinds)


KINDS: dict[Suspect, Kinds] = {Suspect.FLAGS: flags, Suspect.OPTIONS: options}
"""What each of these filters looks at; it drops a segment of one of the kinds that it minds."""
_MET = {
    Suspect.FLAGS: "unusual flags, or text on a SYN, met silence ({}), as by a filter against port scans",
    Suspect.OPTIONS: "unusual options met silence ({}), as by a filter, or what rewrites options",
}


class Unusual:
    """What became of the segments that one such filter might mind, kind by kind."""

    def __init__(self, suspect: Suspect) -> None:
        self.suspect, self._kinds = suspect, KINDS[suspect]
        self._silent: Counter[str] = Counter()
        self._astray: set[str] = set()
        """Kinds that met silence where there was no connection; in one, many a stack has reasons of its own."""
        self._answered: set[str] = set()
        self._sent: dict[str, frozenset[str]] = {}
        self._explained = 0
        self._others_answered = False

    def heard(self, record: Record) -> None:
        """One more attempt."""
        sent = {i: self._kinds(e.segment) for i, e in enumerate(record.events) if isinstance(e, Seen) and e.to_peer}
        odd = {i: kinds for i, kinds in sent.items() if kinds}
        self._others_answered |= any(row in STRAY | UNACCEPTABLE and i not in odd for i, row in record.answered.items())
        if not odd:
            return
        self._sent[record.name] = self._sent.get(record.name, frozenset()).union(*odd.values())
        # Without the last of them before it departs it gets further, or that one came to the peer.
        kept, watch, astray = NOTHING, record.plain, set[str]()
        while (broken := watch.broken_at) is not None and (before := [i for i in odd if i < broken and i not in kept]):
            kept |= {before[-1]}
            astray |= {one for i, row in readings.due(watch) if row in STRAY for one in odd.get(i, ())}
            watch = record.without(kept)
            if watch.broken_at is not None and watch.broken_at < broken:
                break  # what it answered was not kept back
        if kept and watch.broken_at is None:
            self._explained += 1
            self._astray |= astray
            self._silent.update(frozenset().union(*(odd[i] for i in kept)))
        for i, _ in readings.answered(watch):
            self._answered |= odd.get(i, frozenset())

    @property
    def undecided(self) -> bool:
        """Whether nothing told yet of a kind that was sent."""
        return any(not sent <= self._answered | self._silent.keys() for sent in self._sent.values())

    def suspicion(self, loss: Loss) -> Suspicion:
        """What it comes to where so much is lost; the variant lists the kinds (``models.model`` reads it)."""
        kinds = self._silent.keys() - self._answered
        often = {one for one, times in self._silent.items() if times >= ENOUGH and loss.bound**times <= _CHANCE}
        shown = kinds & self._astray & often
        standing = Standing.OPEN if kinds or not self._answered else Standing.REFUSED
        if shown and self._others_answered:
            standing, kinds = Standing.ACCEPTED, kinds & self._astray
        rests = tuple(name for name, sent in self._sent.items() if standing is Standing.ACCEPTED and sent & kinds)
        reason = _MET[self.suspect].format(", ".join(f"'{one}'" for one in sorted(kinds))) if kinds else ""
        variant = " ".join(sorted(kinds))
        return Suspicion(self.suspect, standing, self._explained, len(self._answered), reason, rests, variant)
