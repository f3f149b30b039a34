"""Kinds of segment of which none gets through in one direction: rules against forged RSTs are the usual ones.

A SYN on a connection that another one began is minded by some firewalls that let its copies through, and those that
find TIME-WAIT; a peer that is silent to such SYNs is silent to all of them. A RST draws no answer; what became of it
shows in what comes later. The record departs with one of the tester's that was kept back, and does not without; one of
the peer's is due, and does not come. One that had its effect, or that came, refutes it. From outside a path that keeps
all RSTs back and an end that minds, or sends, none look alike.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from probe.engine.belief.events import Event, Seen, segment_at
from probe.engine.belief.hypothesis import Excuse
from probe.engine.path import readings
from probe.engine.path.loss import NO_CONTROLS, Controls, LossMeter
from probe.engine.path.record import NOTHING, STRAY, UNACCEPTABLE, Attempted, Record
from probe.engine.path.tally import ENOUGH, EXCHANGES, Tally
from probe.results.path import Loss, Standing, Suspect, Suspicion
from probe.spec.segment import ACK, FIN, OPENING, RST, SYN
from probe.spec.seq import Seq

_FLAGS = {"RST": RST, "FIN": FIN}
"""Kinds of either end's, each by the flag that makes a segment one of it."""
_FORMS = {**{kind: (flag, flag) for kind, flag in _FLAGS.items()}, "bare-RST": (RST | ACK, RST)}
"""Kinds of ours that flags tell apart: those that are looked at, and which of them are set. Some rules are about a RST
without ACK alone; of such alone it is the peer that sends none: it owes them to what belongs to no connection."""
_SECOND_SYN, _CROSSING_SYN = "second-SYN", "crossing-SYN"
_OURS = (*_FORMS, _SECOND_SYN, _CROSSING_SYN)
_BY_SYN = frozenset({"F4", "F6", "T1"})
"""The rows of SYNs on a connection that stands, or of one in TIME-WAIT."""
_PLACES = 2
"""In so many states of the peer it must have been in vain: in one that may be the peer's doing."""
_OTHERWISE = frozenset({Excuse.REPEAT, Excuse.EXPIRY})
_BY_ITSELF = _OTHERWISE | {Excuse.ABORT}
"""What else may have ended a connection than our segment; an application that leaves may have done so."""
_REASONS = {
    Suspect.UNDELIVERED: "no {} of ours has an effect ({} attempts): something keeps them back, or the peer minds none",
    Suspect.UNHEARD: "no {} of the peer's comes ({} attempts): something keeps them back, or the peer sends none",
}


def flags_of(variant: str) -> int:
    """The flags of the kinds that a suspicion is about."""
    return sum(_FLAGS.get(kind, 0) for kind in variant.split())


def of_kind(events: Sequence[Event], variant: str) -> frozenset[int]:
    """The tester's segments of these kinds."""
    kinds = variant.split()
    forms = [_FORMS[kind] for kind in kinds if kind in _FORMS]
    sent = ((i, e.segment.flags) for i, e in enumerate(events) if isinstance(e, Seen) and e.to_peer)
    found = {i for i, has in sent if any(has & asked == wanted for asked, wanted in forms)}
    if not {_SECOND_SYN, _CROSSING_SYN}.isdisjoint(kinds):
        found |= {i for i, kind in _further_syns(events) if kind in kinds}
    return frozenset(found)


def _further_syns(events: Sequence[Event]) -> Iterator[tuple[int, str]]:
    """The tester's SYNs of a connection that another SYN began, and neither a RST nor both FINs ended: second ones.

    One that crosses the peer's was sent before we answered that.
    """
    first: Seq | None = None
    ends: set[bool] = set()
    answered = False
    for index, event in enumerate(events):
        if not isinstance(event, Seen):
            continue
        segment, kind = event.segment, event.segment.flags & OPENING
        if kind == SYN and (first is None or len(ends) > 1):
            first, answered = segment.seq, event.to_peer
            ends.clear()
        elif kind == SYN and event.to_peer and segment.seq != first:
            yield index, _SECOND_SYN if answered else _CROSSING_SYN
        answered |= event.to_peer and bool(kind & ACK)
        first = None if kind & RST else first
        if kind & FIN:
            ends.add(event.to_peer)


def lacks(case: Attempted, flags: int) -> bool:
    """Whether a wait for such a segment of the peer's ended without it."""
    letters = {kind[0] for kind, flag in _FLAGS.items() if flag & flags}
    return any(missing.what in letters for missing in case.transcript.missing)


def is_explained(case: Attempted, kept: frozenset[int], unheard: int) -> bool:
    """Whether it does not depart without these of the tester's, where such of the peer's never come."""
    return case.follow(case.terms.profile, case.terms.allow, kept, unheard=unheard).broken_at is None


@dataclass(slots=True)
class _Kind(Tally):
    """One kind in one direction: ``places`` are states, or rows, in which it was in vain.

    ``sure``: of a FIN more was seen than that it was in vain. The text of ours was not taken either, which an end that
    minds no FIN does; the numbers behind the peer's show that it was sent.
    """

    places: set[object] = field(default_factory=set)
    sure: bool = False


class Swallowed:
    """What became of all segments of each kind, attempt by attempt."""

    def __init__(self) -> None:
        self._meter = LossMeter()
        self._there = {kind: _Kind() for kind in _OURS}
        self._back = {kind: _Kind() for kind in _FLAGS}
        self._other_syns = Tally()
        """SYNs on a connection that who minds a second one lets through: a copy of the first, one in TIME-WAIT."""

    def heard(self, record: Record) -> None:
        """One more attempt."""
        came = {event.segment.flags for _, event in record.case.transcript.seen() if not event.to_peer}
        sent = {kind: kept for kind in _OURS if (kept := of_kind(record.events, kind))}
        for kind, kept in sent.items():
            there = self._there[kind]
            there.rests[record.name] = None
            if not there.against and (not kept.isdisjoint(record.answered) or self._had_effect(record, kept)):
                there.against[record.name] += 1
        if resets := sent.get("RST"):
            self._measure(record, resets)
        for found, rows in ((self._other_syns.fits, record.answered), (self._other_syns.against, record.silent)):
            others = {i for i, row in rows.items() if row in _BY_SYN} - sent.get(_SECOND_SYN, NOTHING)
            found[record.name] += any(segment_at(record.events, i).flags & OPENING == SYN for i in others)
        for kind, back in self._back.items():
            if any(flags & _FLAGS[kind] for flags in came):
                back.against[record.name] += 1
        self._explain(
            record,
            {kind: kept for kind, kept in sent.items() if not self._there[kind].against},
            [kind for kind, back in self._back.items() if not back.against],
        )

    def _measure(self, record: Record, resets: frozenset[int]) -> None:
        """Whether these had their effect in an exchange where others had none, or the other way round."""
        broken = record.plain.broken_at
        if broken is None:
            found = Controls((0,)) if self._had_effect(record, resets) else NO_CONTROLS
        else:
            without = [record.broken(frozenset({i})) for i in resets if i < broken]
            in_vain = any(given is None or given > broken for given in without)
            found = Controls((), (0,)) if in_vain else NO_CONTROLS
        self._meter.add(record.case.scenario, found)

    @property
    def aborts(self) -> Loss:
        """Of our RSTs whose effect shows, how many had none where others of the same exchange had."""
        return self._meter.loss

    @staticmethod
    def _had_effect(record: Record, kept: frozenset[int]) -> bool:
        """Whether the record, or more of it, is as it must be only because they arrived."""
        plain = record.plain.broken_at
        given = record.broken(kept, _BY_ITSELF if record.case.leaves else _OTHERWISE)
        return given is not None and (plain is None or given < plain)

    def _explain(self, record: Record, sent: dict[str, frozenset[int]], back: list[str]) -> None:
        """Note what explains a departure, or a wait in vain: kinds in one direction, or else one in both."""
        for ways in ([(kind, "") for kind in sent], [("", kind) for kind in back], [(k, k) for k in sent if k in back]):
            explain = [way for way in ways if self._is_explained(record, sent.get(way[0], NOTHING), way[1])]
            for there, unheard in explain:
                if there:
                    seen = self._there[there]
                    seen.fits[record.name] += 1
                    rows = {row for i, row in readings.due(record.plain) if i in sent[there]}
                    seen.places |= rows or {record.plain.after(i - 1).states for i in sent[there]}
                    seen.sure |= any(segment_at(record.events, i).length for i in sent[there])
                if unheard:
                    seen = self._back[unheard]
                    seen.fits[record.name] += 1
                    seen.places |= {row for _, row in readings.due(record.plain)} or {record.name}
                    seen.rests[record.name] = None
                    seen.sure |= record.plain.broken_at is not None
            if explain:
                return

    @staticmethod
    def _is_explained(record: Record, kept: frozenset[int], unheard: str) -> bool:
        flags = flags_of(unheard)
        return _is_in_vain(record, flags) and is_explained(record.case, kept, flags)

    @property
    def undecided(self) -> bool:
        """Whether nothing told enough yet of a kind of the tester's that was sent."""
        return any(seen.rests and not (seen.against or _is_shown(seen)) for seen in self._there.values())

    def suspicions(self) -> Iterator[Suspicion]:
        """What it comes to, for both directions; the variant lists the kinds."""
        answered, silent = self._other_syns.fits.total(), self._other_syns.against.total()
        refuted = (_SECOND_SYN, _CROSSING_SYN) if silent >= max(1, answered) else ()
        kinds = {kind: seen for kind, seen in self._there.items() if kind not in refuted}
        yield _suspicion(Suspect.UNDELIVERED, kinds, () if answered else (_SECOND_SYN,))
        yield _suspicion(Suspect.UNHEARD, self._back)


def _is_in_vain(record: Record, unheard: int) -> bool:
    """Whether something of this kind was waited for in vain, or the record departs as it would.

    That a FIN was sent shows in the numbers behind it; a silence may be that of anything it could have carried.
    """
    at, fin = record.plain.broken_at, unheard & FIN
    if fin and any(isinstance(e, Seen) and not e.to_peer and e.segment.flags & RST for e in record.events):
        return False  # that came in its place
    if at is None or (fin and not isinstance(record.events[at], Seen)):
        return lacks(record.case, unheard)
    return True


def _suspicion(suspect: Suspect, kinds: dict[str, _Kind], unsure: Collection[str] = ()) -> Suspicion:
    """What the kinds come to; those that are ``unsure`` are not shown yet."""
    pointed = {kind: seen for kind, seen in kinds.items() if seen.fits and not seen.against}
    pointed = {kind: seen for kind, seen in pointed.items() if seen.sure or kind != "FIN"}
    if pointed.get("RST"):
        pointed.pop("bare-RST", None)  # it is one of them
    if pointed.get(_CROSSING_SYN) and kinds[_SECOND_SYN].against:
        pointed.pop(_CROSSING_SYN)  # a path that minds such minds second ones as well
    shown = {kind: seen for kind, seen in pointed.items() if kind not in unsure and _is_shown(seen)}
    if _SECOND_SYN in shown and _CROSSING_SYN in pointed:
        shown[_CROSSING_SYN] = pointed[_CROSSING_SYN]
    against = sum(seen.against.total() for seen in kinds.values())
    named = shown or pointed
    if not named:
        return Suspicion(suspect, Standing.REFUSED if against else Standing.OPEN, against=against)
    fits = sum(seen.fits.total() for seen in named.values())
    why = _REASONS[suspect].format(" and no ".join(named), fits)
    rests = dict.fromkeys(name for seen in shown.values() for name in seen.rests)
    standing = Standing.ACCEPTED if shown else Standing.OPEN
    return Suspicion(suspect, standing, fits, 0, why, tuple(rests), " ".join(named))


def _is_shown(seen: _Kind) -> bool:
    """That alone shows nothing to which many a host is silent: strays (BSD's ``blackhole``), what is not acceptable."""
    enough = seen.fits.total() >= ENOUGH and len(seen.fits) >= EXCHANGES
    return enough and len(seen.places) >= _PLACES and not (seen.places <= STRAY or seen.places <= UNACCEPTABLE)
