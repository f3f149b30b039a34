"""What a firewall that keeps connections in mind may mind, class by class, whoever made it.

Each make draws its own lines: how far beyond a window, which RST ends an entry, whether a SYN may come again. What all
of them see are the same few facts, so segments are put into classes by these, and a class is minded where none of it
was ever answered. Such a firewall minds strays, and what lies far beyond a window; a peer that is silent to both by
itself is silent to what lies below the window as well, which firewalls let through.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from probe.engine.belief.events import Event, Seen, segment_at
from probe.engine.path import readings
from probe.engine.path.record import NOTHING, UNACCEPTABLE, Record
from probe.engine.path.tally import ENOUGH, EXCHANGES
from probe.results.path import Standing, Suspect, Suspicion
from probe.spec.segment import ACK, FIN, LARGEST_SHIFT, OPENING, RST, SYN, Segment
from probe.spec.seq import Seq, later

_NEAR, _FAR = 0xFFFF, 0xFFFF + 1500
"""Old numbers no further back than a window no firewall minds; those further back than that all mind that mind any."""
_STRAYS = frozenset({"stray", "after-reset"})
_SURELY = frozenset({"reset", "closed"})
_BEYOND = "beyond"
PREFIX = "minds "
"""How the variants of a filter begin that are made of classes."""


class _Flow:
    """What anybody on the way knows of a connection; ``over``: how it ended, if it did."""

    def __init__(self, segment: Segment, *, by_tester: bool) -> None:
        self.first, self.by_tester = segment.seq, by_tester
        self.begins = {by_tester: segment.end}
        self.end = {by_tester: segment.end}
        self.told: dict[bool, Seq] = {}
        self.edge: dict[bool, Seq] = {}
        self.shift: dict[bool, int | None] = {by_tester: segment.window_scale}
        self.fins: dict[bool, Seq] = {}
        self.over = ""

    @property
    def opening(self) -> bool:
        """Whether one end has not acknowledged the other's SYN yet."""
        return len(self.told) < 2 or any(self.told[not side] < begin for side, begin in self.begins.items())

    def note(self, segment: Segment, *, to_peer: bool) -> None:
        """What a segment shows of the connection."""
        known = self.end.get(to_peer)
        if segment.flags & RST:
            self.over = self.over if self.over in _SURELY else self._ended_by(segment, to_peer=to_peer)
            return
        if known is None and segment.flags & SYN:
            self.begins[to_peer], self.shift[to_peer] = segment.end, segment.window_scale
        elif known is None or segment.flags & SYN or segment.seq > known or self.over:
            return
        self.end[to_peer] = segment.end if known is None else later(known, segment.end)
        if segment.flags & ACK and segment.ack <= self.end.get(not to_peer, segment.ack):
            self.told[to_peer] = later(self.told.get(to_peer, segment.ack), segment.ack)
            scaled = None not in (self.shift.get(True), self.shift.get(False)) and not segment.flags & SYN
            edge = segment.ack + (segment.window << min((self.shift[to_peer] or 0) if scaled else 0, LARGEST_SHIFT))
            self.edge[to_peer] = later(self.edge.get(to_peer, edge), edge)
        if segment.flags & FIN:
            self.fins[to_peer] = segment.end
        if len(self.fins) > 1 and all(self.told.get(not side) == fin for side, fin in self.fins.items()):
            self.over = "closed"

    def _ended_by(self, segment: Segment, *, to_peer: bool) -> str:
        """``reset`` by a RST at the number that its receiver expects; what another one does nobody can say."""
        due = self.told.get(not to_peer)
        if due is None:  # a SYN is refused, or taken back
            refuses = segment.flags & ACK and segment.ack == self.end.get(not to_peer)
            exact = refuses or segment.seq == self.end.get(to_peer)
            return "reset" if exact else "reset:early" if segment.flags & ACK else "reset:early-bare"
        if segment.seq == due:
            return "reset"
        return "reset:inside" if due < segment.seq < self.edge.get(not to_peer, due) else "reset:outside"

    def minds(self, segment: Segment) -> str:
        """The class of a segment of the tester's; empty where no firewall minds it."""
        kind = segment.flags & OPENING
        if kind & RST:  # what else it does to an entry shows in what follows
            inside = not self.over and self._ended_by(segment, to_peer=True) == "reset:inside"
            return ("odd-RST" + ":early" * self.opening) * inside
        if self.over:
            return "SYN-" * (kind == SYN) + f"after-{self.over}"
        if kind == SYN and self.by_tester:
            return "" if segment.seq == self.first else "second-SYN"
        if kind == SYN:
            return "crossing-SYN" if True not in self.begins else "second-SYN" * (segment.end != self.begins[True])
        return self._minds_numbers(segment) if kind & ACK else "no-ACK"

    def _minds_numbers(self, segment: Segment) -> str:
        """The same of one with ACK: an acknowledgment, or a number, that the other end did not give rise to."""
        early = (":early" if self.by_tester else ":in-answer") if self.opening else ""
        sent, due = self.end.get(False), self.told.get(False)
        if sent is not None and segment.ack != sent:
            if segment.ack > sent:
                return "ahead" + early
            if early or segment.ack < sent - _NEAR:
                return "behind" + (early or ":near" * (segment.ack >= sent - _FAR))
        if due is None or segment.flags & SYN:
            return ""
        edge = self.edge[False]
        if segment.end > edge:
            return (_BEYOND if segment.end > edge + _FAR else "near") + early
        return "below" + (early or ":near" * (segment.end >= due - _FAR)) if segment.end < due - _NEAR else ""


def minded(events: Sequence[Event]) -> Iterator[tuple[int, str]]:
    """The tester's segments that such a firewall may mind, each with its class."""
    flow: _Flow | None = None
    for index, event in enumerate(events):
        if not isinstance(event, Seen):
            continue
        segment, opens = event.segment, event.segment.flags & OPENING == SYN
        if event.to_peer:
            found = flow.minds(segment) if flow is not None else "" if opens or segment.flags & RST else "stray"
            if found:
                yield index, found
        if opens and (flow is None or flow.over):
            flow = _Flow(segment, by_tester=event.to_peer)
        elif flow is not None:
            flow.note(segment, to_peer=event.to_peer)


class Minded:
    """What became of the classes in a run, attempt by attempt."""

    def __init__(self) -> None:
        self._needed: defaultdict[frozenset[str], Counter[str]] = defaultdict(Counter)
        """Attempts that are explained without these classes, by exchange."""
        self._sent: dict[str, frozenset[str]] = {}
        self._answered: set[str] = set()
        self._passed = self._silent = 0

    def heard(self, record: Record) -> None:
        """One more attempt."""
        classes = dict(minded(record.events))
        self._passed += sum(row in UNACCEPTABLE for i, row in record.answered.items() if i not in classes)
        self._silent += any(row in UNACCEPTABLE for i, row in record.silent.items() if i not in classes)
        if not classes:
            return
        self._sent[record.name] = self._sent.get(record.name, frozenset()).union(classes.values())
        kept = self._kept(record, classes)
        watch = record.without(kept) if kept else record.plain
        if kept and watch.broken_at is None:
            self._needed[frozenset(classes[i] for i in kept)][record.name] += 1
        self._answered |= {classes[i] for i, _ in readings.answered(watch) if i in classes}
        resets = frozenset(i for i in classes if segment_at(record.events, i).flags & RST) - kept
        if resets and record.plain.broken_at is None and record.broken(resets) is not None:
            self._answered |= {classes[i] for i in resets}  # they had their effect

    @staticmethod
    def _kept(record: Record, classes: Mapping[int, str]) -> frozenset[int]:
        """What explains a departure if it is kept back: one class, else the last of all as far as it takes."""
        at = record.plain.broken_at
        if at is None:
            return NOTHING
        for one in dict.fromkeys(reversed(list(classes.values()))):
            kept = frozenset(i for i, found in classes.items() if found == one)
            if record.broken(kept) is None:
                return kept
        kept, broken = NOTHING, at
        while before := [i for i in classes if i < broken and i not in kept]:
            kept |= {before[-1]}
            if (further := record.broken(kept)) is None:
                break
            broken = further
        return kept

    def suspicion(self) -> Suspicion:
        """What it comes to; the variant lists the classes (``models.model`` reads it)."""
        explained = {some: by for some, by in self._needed.items() if self._answered.isdisjoint(some)}
        classes = frozenset[str]().union(*explained)
        fits = sum(explained.values(), Counter[str]())
        strays = not _STRAYS.isdisjoint(classes) and _STRAYS.isdisjoint(self._answered)
        both = strays and any(one.startswith(_BEYOND) for one in classes)
        enough = fits.total() >= ENOUGH and len(fits) >= EXCHANGES and self._passed > self._silent
        standing = Standing.ACCEPTED if both and enough else Standing.OPEN
        told = ", ".join(sorted({one.partition(":")[0] for one in classes}))
        why = f"a stateful filter before the peer drops what is no part of a connection to it ({told})"
        rests = tuple(name for name, sent in self._sent.items() if standing is Standing.ACCEPTED and sent & classes)
        return Suspicion(Suspect.FILTER, standing, fits.total(), 0, why, rests, PREFIX + " ".join(sorted(classes)))
