"""From all attempts of a run to its ``Path``: what each suspect explains, what speaks against it, what was lost.

Each suspect is looked at in a file of its own; what they have to do with each other is told here. Nothing is inferred
from attempts that differ.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from statistics import median

from probe.engine.path import readings
from probe.engine.path.forged import Forged
from probe.engine.path.limit import SynLimit
from probe.engine.path.loss import Controls, LossMeter
from probe.engine.path.minded import Minded
from probe.engine.path.proxied import Proxied
from probe.engine.path.proxy import through
from probe.engine.path.record import Attempted, Record, is_proxied
from probe.engine.path.rejected import Rejections
from probe.engine.path.stateless import Cookies
from probe.engine.path.swallowed import Swallowed
from probe.engine.path.tally import Tally
from probe.engine.path.unusual import KINDS, Unusual
from probe.engine.path.way_back import WayBack
from probe.engine.path.weighing import Weighing, needless
from probe.results.path import Loss, Path, Standing, Suspect, Suspicion

_RECENT, _TWICE = 15, 2
"""First answers that are remembered; a peer that looks now and then takes twice as long as it does in the mean."""


class Evidence:
    """What the attempts of one run tell of its path, attempt by attempt."""

    def __init__(self) -> None:
        self._seen = Weighing()
        self._beyond = Weighing()
        """The same if a SYN proxy stands before the peer: of what is the peer's then."""
        self._cookies, self._proxy, self._way_back = Cookies(), Proxied(), WayBack()
        self._rejections, self._unusual = Rejections(), tuple(map(Unusual, KINDS))
        self._swallowed, self._minded, self._forged = Swallowed(), Minded(), Forged()
        self._reordering, self._meter, self._limit = Tally(), LossMeter(), SynLimit()
        self._strays = LossMeter()
        """Places of ours answered as due, and, as if lost, where one that came late or twice explains what came."""
        self._repeated = self._came = self._copied = 0
        self._took = deque[float](maxlen=_RECENT)

    def heard(self, case: Attempted, *, limited: bool = False) -> None:
        """One more attempt; ``limited``: it asked more often than a peer need answer, so that silences tell nothing."""
        if case.transcript.interrupted or case.transcript.foreign or case.transcript.dropped:
            return
        record = Record(case)
        if limited and record.plain.broken_at is not None:
            self._meter.add(record.case.scenario, replace(record.controls, silent=()))
            return
        self._seen.heard(record)
        if not is_proxied(case):
            self._beyond.heard(record)
        elif readings.spliced(case.transcript) and (beyond := through(case.transcript)) is not None:
            self._beyond.heard(Record(case.of(beyond.transcript)))
        self._cookies.heard(record)
        self._proxy.heard(record)
        self._way_back.heard(record)
        self._swallowed.heard(record)
        self._minded.heard(record)
        self._forged.heard(record)
        self._measure(record)
        self._limit.heard(record)
        self._rejections.heard(record.name, case.transcript, record.answered)
        for one in self._unusual:
            one.heard(record)

    def _measure(self, record: Record) -> None:
        """Loss, copies and reordering."""
        transcript = record.case.transcript
        found = record.controls
        if (took := readings.first_answer(transcript)) is not None:
            self._took.append(took)
        if found.silent and self._seen.may_mute(record):
            found = replace(found, silent=())  # it may not be the loss of a segment
        self._meter.add(record.case.scenario, found)
        strayed = record.strayed  # a second answer, where every attempt has it, is the peer's habit
        answered = tuple(place for place in found.answered if place not in strayed)
        self._strays.add(record.case.scenario, Controls(answered, strayed))
        if record.plain.broken_at is None:
            self._repeated += sum(1 for _ in readings.needless(transcript, self._takes))
        came = list(readings.copies(record.plain, transcript))
        self._came, self._copied = self._came + len(came), self._copied + sum(came)
        if swapped := sum(1 for _ in readings.swapped(transcript)):
            self._reordering.fits[record.name] += swapped

    @property
    def _takes(self) -> float:
        """Seconds that an answer of this peer takes at the most, as a rule: some look only now and then."""
        return _TWICE * median(self._took) if self._took else 0.0

    # -- what it comes to ------------------------------------------------------------------------------------------

    def path(self) -> Path:
        """The path as far as the attempts so far show it."""
        suspicions = tuple(s for s in self._suspicions() if s.fits or s.against)
        return Path(self.loss, suspicions, self._copies, self._swallowed.aborts)

    @property
    def undecided(self) -> frozenset[Suspect]:
        """The suspects that may have kept back what was sent, and of which no attempt told anything."""
        found = {*self._seen.undecided, *(one.suspect for one in self._unusual if one.undecided)}
        return frozenset(found | {Suspect.UNDELIVERED} if self._swallowed.undecided else found)

    @property
    def loss(self) -> Loss:
        """As the controls tell, and the segments that the peer had to send again because an ACK of ours was lost."""
        measured = self._meter.loss
        return replace(measured, asked=measured.asked + self._repeated, lost=measured.lost + self._repeated)

    @property
    def _copies(self) -> Loss:
        ours = self._strays.loss
        both = Loss(self._came, self._copied), Loss(ours.asked, ours.lost)
        return max(both, key=lambda one: one.lost / max(one.asked, 1))

    def _suspicions(self) -> Iterator[Suspicion]:
        proxy = self._proxy.suspicion(repeats=self._cookies.refuted)
        proxied = proxy.standing is Standing.ACCEPTED
        models = self._beyond if proxied else self._seen
        odd, *others = (one.suspicion(self.loss) for one in self._unusual)
        trackers, odd, swallowed = self._apart(models, odd)
        yield from trackers
        yield from swallowed
        yield odd
        yield from others
        forged = self._forged.suspicion()
        yield needless(forged) if any(_covers(s, forged) for s in trackers) else forged
        yield from models.suspicions(self._copies, Suspect.DEFERRED_ACCEPT)
        yield proxy
        yield self._cookies.suspicion(proxied=proxied)
        yield self._rejections.suspicion()
        yield self._way_back.suspicion()
        yield self._limit.suspicion()
        swapped = self._reordering
        overtaken = f"{swapped.fits.total()} segments of the peer were overtaken"
        yield swapped.suspicion(Suspect.REORDERING, Standing.ACCEPTED, overtaken)

    def _apart(
        self, models: Weighing, odd: Suspicion
    ) -> tuple[tuple[Suspicion, ...], Suspicion, tuple[Suspicion, ...]]:
        """Filters and translators, odd flags, and kinds that get lost: what one explains needs no second cause."""
        trackers = tuple(models.suspicions(self._copies, Suspect.FILTER, Suspect.TRANSLATION))
        minded, swallowed = self._minded.suspicion(), tuple(self._swallowed.suspicions())
        if minded.standing is Standing.ACCEPTED and all(minded.fits > s.fits for s in trackers if _stands(s)):
            trackers = (minded, *map(needless, trackers[1:]))
        found = next(filter(_stands, trackers), None)
        if found is None:
            return trackers, odd, swallowed
        # Tracking calls odd flags invalid, too: whichever explains more is meant.
        if _stands(odd):
            less = odd if found.fits > odd.fits else found
            trackers = tuple(needless(s) if s is less else s for s in trackers)
            odd = needless(odd) if odd is less else odd
        if any(s.fits > found.fits for s in swallowed if _stands(s)):
            trackers = tuple(map(needless, trackers))
        else:
            swallowed = tuple(needless(s) if _covers(found, s) else s for s in swallowed)
        return trackers, odd, swallowed


def _covers(one: Suspicion, other: Suspicion) -> bool:
    """Whether all that rests on the other suspect rests on this one anyhow."""
    return bool(other.exchanges) and set(other.exchanges) <= set(one.exchanges)


def _stands(one: Suspicion) -> bool:
    return one.standing is Standing.ACCEPTED
