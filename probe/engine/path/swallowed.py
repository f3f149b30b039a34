"""Kinds of segment of which none gets through in one direction: rules against forged RSTs are the usual ones.

A RST draws no answer; what became of it shows in what comes later. The record departs with one of the tester's that
was kept back, and does not without; one of the peer's is due, and does not come. One that had its effect, or that came,
refutes it. From outside a path that keeps all RSTs back and an end that minds, or sends, none look alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from probe.engine.belief.events import Event, Seen, segment_at
from probe.engine.belief.hypothesis import Excuse
from probe.engine.path import readings
from probe.engine.path.loss import NO_CONTROLS, Controls, LossMeter
from probe.engine.path.record import NOTHING, STRAY, Attempted, Record
from probe.engine.path.tally import ENOUGH, EXCHANGES, Tally
from probe.results.path import Loss, Standing, Suspect, Suspicion
from probe.spec.segment import ACK, FIN, RST

FLAGS = {"FIN": FIN, "RST": RST}
"""The kinds, each by the flag that makes a segment one of it."""
_OURS = {**{kind: (flag, flag) for kind, flag in FLAGS.items()}, "bare-RST": (RST | ACK, RST)}
"""Those of ours: what of the flags is looked at, and what is set. Some rules are about a RST without ACK alone."""
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
    return sum(FLAGS.get(kind, 0) for kind in variant.split())


def of_kind(events: Sequence[Event], variant: str) -> frozenset[int]:
    """The tester's segments of these kinds."""
    kinds = [_OURS[kind] for kind in variant.split()]
    sent = ((i, e.segment.flags) for i, e in enumerate(events) if isinstance(e, Seen) and e.to_peer)
    return frozenset(i for i, has in sent if any(has & asked == wanted for asked, wanted in kinds))


def lacks(case: Attempted, flags: int) -> bool:
    """Whether a wait for such a segment of the peer's ended without it."""
    letters = {kind[0] for kind, flag in FLAGS.items() if flag & flags}
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
        self._back = {kind: _Kind() for kind in FLAGS}

    def heard(self, record: Record) -> None:
        """One more attempt."""
        came = {event.segment.flags for _, event in record.case.transcript.seen() if not event.to_peer}
        sent = {kind: kept for kind in _OURS if (kept := of_kind(record.events, kind))}
        for kind, kept in sent.items():
            there = self._there[kind]
            there.rests[record.name] = None
            if not there.against and self._had_effect(record, kept):
                there.against[record.name] += 1
        if resets := sent.get("RST"):
            self._measure(record, resets)
        for kind, flag in FLAGS.items():
            if any(flags & flag for flags in came):
                self._back[kind].against[record.name] += 1
        self._explain(
            record,
            {kind: kept for kind, kept in sent.items() if not self._there[kind].against},
            [kind for kind in FLAGS if not self._back[kind].against],
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
        """Note what explains a departure, or a wait in vain: one kind in one direction, or else in both."""
        both = [((kind,), (kind,)) for kind in sent if kind in back]
        for there, unheard in [*(((kind,), ()) for kind in sent), *(((), (kind,)) for kind in back), *both]:
            kept, flags = NOTHING.union(*(sent[kind] for kind in there)), flags_of(" ".join(unheard))
            if not _is_in_vain(record, flags) or not is_explained(record.case, kept, flags):
                continue
            for kind in there:
                self._there[kind].fits[record.name] += 1
                self._there[kind].places |= {record.plain.after(i - 1).states for i in sent[kind]}
                self._there[kind].sure |= any(segment_at(record.events, i).length for i in sent[kind])
            for kind in unheard:
                self._back[kind].fits[record.name] += 1
                self._back[kind].places |= {row for _, row in readings.due(record.plain)} or {record.name}
                self._back[kind].rests[record.name] = None
                self._back[kind].sure |= record.plain.broken_at is not None
            return

    @property
    def undecided(self) -> bool:
        """Whether nothing told enough yet of a kind of the tester's that was sent."""
        return any(seen.rests and not (seen.against or _is_shown(seen)) for seen in self._there.values())

    def suspicions(self) -> Iterator[Suspicion]:
        """What it comes to, for both directions; the variant lists the kinds."""
        yield _suspicion(Suspect.UNDELIVERED, self._there)
        yield _suspicion(Suspect.UNHEARD, self._back)


def _is_in_vain(record: Record, unheard: int) -> bool:
    """Whether something of this kind was waited for in vain, or the record departs as it would.

    That a FIN was sent shows in the numbers behind it; a silence may be that of anything it could have carried.
    """
    at = record.plain.broken_at
    if unheard & FIN and any(isinstance(e, Seen) and not e.to_peer and e.segment.flags & RST for e in record.events):
        return False  # that came in its place
    if at is None or (unheard & FIN and not isinstance(record.events[at], Seen)):
        return lacks(record.case, unheard)
    return True


def _suspicion(suspect: Suspect, kinds: dict[str, _Kind]) -> Suspicion:
    pointed = {kind: seen for kind, seen in kinds.items() if seen.fits and not seen.against}
    pointed = {kind: seen for kind, seen in pointed.items() if seen.sure or kind != "FIN"}
    if pointed.get("RST"):
        pointed.pop("bare-RST", None)  # it is one of them
    shown = {kind: seen for kind, seen in pointed.items() if _is_shown(seen)}
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
    """Many a host is silent to what belongs to no connection (as by BSD's ``blackhole``): that alone shows nothing."""
    enough = seen.fits.total() >= ENOUGH and len(seen.fits) >= EXCHANGES
    return enough and len(seen.places) >= _PLACES and not seen.places <= STRAY
