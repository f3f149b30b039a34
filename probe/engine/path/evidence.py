"""From all attempts of a run to its ``Path``: what each suspect explains, what speaks against it, what was lost.

A suspect is tried like the peer. Its model says which segments it keeps back; a record that departs without that and
does not with it speaks *for* the model; one that departs only because of it (something answered what it says was kept
back) speaks *against*. Nothing is inferred from attempts that differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from probe.engine.belief.events import Event, Seen, segment_at
from probe.engine.path import readings
from probe.engine.path.loss import LossMeter, controls
from probe.engine.path.models import MODELS, Model
from probe.engine.path.odd_flags import OddFlags, is_odd
from probe.engine.path.proxy import through
from probe.engine.path.record import NOTHING, STRAY, UNACCEPTABLE, Attempted, Record, anything_came, is_proxied
from probe.engine.path.rejected import Rejections, kind
from probe.engine.path.resting import COPIED, STATELESS
from probe.results.path import Loss, Path, Standing, Suspect, Suspicion
from probe.spec.segment import FIN

ENOUGH, EXCHANGES = 3, 2
"""So many attempts, in so many exchanges, must be explained by a model before it is accepted."""
QUESTIONS = 2
"""So many that have nothing to do with each other must it explain: a peer may be silent to one kind by itself."""
FAINT = 10
"""What a copy made on the way would explain, too, speaks against a model that does not explain so many times more."""
ODDS = 3
"""So many times the copies that are to be expected are still taken for copies."""


@dataclass(slots=True)
class _Tally:
    """What was seen of one suspect. ``fits`` and ``against`` count attempts by exchange, ``rows`` what met silence.

    ``faint`` are attempts against it that a segment copied on the way explains as well. ``asked`` are the questions
    that it explains, without flags that no TCP sends: those stacks are often silent to themselves. ``kinds`` counts
    what was explained less what was faintly answered, by the kind of segment.
    """

    fits: Counter[str] = field(default_factory=Counter)
    against: Counter[str] = field(default_factory=Counter)
    faint: Counter[str] = field(default_factory=Counter)
    silent: int = 0
    passed: int = 0
    rests: dict[str, None] = field(default_factory=dict)
    rows: Counter[str] = field(default_factory=Counter)
    asked: set[str] = field(default_factory=set)
    kinds: Counter[str] = field(default_factory=Counter)


class Evidence:
    """What the attempts of one run tell of its path, attempt by attempt."""

    def __init__(self) -> None:
        self._models = {m: _Tally() for m in MODELS}
        self._behind = {m: _Tally() for m in MODELS}
        """The same, if a SYN proxy stands before the peer: of what is the peer's then."""
        self._anew: Counter[str] = Counter()
        """Exchanges with a SYN on a connection that stood, answered with numbers of its own."""
        self._cookies, self._proxy, self._reordering, self._back = _Tally(), _Tally(), _Tally(), _Tally()
        self._rejections, self._odd_flags = Rejections(), OddFlags()
        self._meter = LossMeter()
        self._repeated = self._came = self._copied = 0

    def heard(self, case: Attempted, *, limited: bool = False) -> None:
        """One more attempt; ``limited``: it asked more often than a peer need answer, so that silences tell nothing."""
        if case.transcript.interrupted or case.transcript.foreign:
            return
        record = Record(case)
        if limited and record.plain.broken_at is not None:
            self._meter.add(record.name, replace(controls(case.transcript, record.plain), silent=()))
            return
        self._weigh(self._models, record)
        if not is_proxied(case):
            self._weigh(self._behind, record)
        elif readings.spliced(case.transcript) and (beyond := through(case.transcript)) is not None:
            self._weigh(self._behind, Record(case.of(beyond.transcript)))
        self._look_at_cookies(record)
        self._look_at_proxy(record)
        self._look_at_way_back(record)
        self._measure(record)
        self._rejections.heard(record.name, case.transcript, record.answered)
        self._odd_flags.heard(record)

    def _weigh(self, tallies: dict[Model, _Tally], record: Record) -> None:
        for m, tally in tallies.items():
            if not tally.against:  # one certain answer is enough: what it keeps back is not kept back
                self._try(m.on(record.case.scenario), tally, record)

    @staticmethod
    def _try(m: Model, tally: _Tally, record: Record) -> None:
        """What one attempt shows of one model."""
        kept, muted = m.keeps(record.labelled), m.mutes(record.labelled)
        if m.turns is not None and not record.answered.keys().isdisjoint(m.turns(record.labelled) - kept):
            tally.against[record.name] += 1
        plain = record.plain.broken_at
        tally.passed += sum(row in UNACCEPTABLE for index, row in record.answered.items() if index not in kept)
        tally.silent += any(row in UNACCEPTABLE for index, row in record.silent.items() if index not in kept | muted)
        if not kept | muted or (plain is None and not _may_be_refuted(m, record.events)):
            return
        given = record.broken(kept)
        sent = [i for i in sorted(kept) if i in record.ours and (given is None or i < given)]
        explains = plain is not None and (given is None or m.mutes_at(record.labelled, given))
        if explains or m.suspect is not Suspect.DEFERRED_ACCEPT:
            tally.rests[record.name] = None
        if explains:
            tally.fits[record.name] += 1
            silent = {index: row for index, row in record.silent.items() if index in kept}
            tally.rows.update(silent.values())
            ordinary = [i for i in sent if not is_odd(record.events[i])]
            # Where there is no silence it is known by another sign.
            tally.asked |= {silent.get(i, record.name) for i in ordinary if i in silent or not silent}
            tally.kinds.update(kind(segment_at(record.events, i)) for i in sent if i in silent or not silent)
        elif given is not None and (plain is None or plain > given) and _speaks_against(m, record.events[given]):
            copied = record.broken(kept, COPIED)
            faint = copied is None or copied > given
            (tally.faint if faint else tally.against)[record.name] += 1
            tally.kinds.subtract(kind(segment_at(record.events, i)) for i in sent[-1:] if faint)
        elif plain is None and (answered := [i for i in sent if record.replies.get(i, -1) not in {-1, *kept}]):
            tally.faint[record.name] += 1  # with what came before it looks the same
            tally.kinds.subtract(kind(segment_at(record.events, i)) for i in answered)

    def _look_at_cookies(self, record: Record) -> None:
        """A listener that keeps no state repeats nothing, and knows an ACK by what it brings back alone."""
        if record.case.scenario.opens != "us":
            return
        if any(missing.what == "S." for missing in record.case.transcript.missing):
            self._cookies.rests[record.name] = None
        if readings.repeats_syn_ack(record.case.transcript):
            self._cookies.against[record.name] += 1
        elif record.plain.broken_at is None:
            return
        elif record.broken(NOTHING, COPIED) is not None and record.broken(NOTHING, STATELESS) is None:
            self._cookies.fits[record.name] += 1
            self._cookies.rests[record.name] = None

    def _look_at_proxy(self, record: Record) -> None:
        """Who stands before the peer answers every SYN anew, and tells of its window once the peer is there, too."""
        transcript, tally = record.case.transcript, self._proxy
        if not is_proxied(record.case):
            return
        if (spliced := readings.spliced(transcript)) is not None:
            (tally.fits if spliced else tally.against)[record.name] += 1
        if (anew := readings.answers_anew(transcript)) is not None:
            (self._anew if anew else tally.faint)[record.name] += 1
        beyond = through(transcript)
        if beyond is None or beyond.taken:
            tally.rests[record.name] = None

    def _look_at_way_back(self, record: Record) -> None:
        """A relay or translator, or a peer without a route to us, lets connections through in one direction only."""
        tally, came = self._back, anything_came(record.case)
        if record.case.scenario.opens == "us":
            tally.passed += came
        else:
            (tally.against if came else tally.fits)[record.name] += 1
            tally.rests[record.name] = None

    def _measure(self, record: Record) -> None:
        """Loss and reordering."""
        transcript = record.case.transcript
        found = controls(transcript, record.plain)
        if found.silent and any(
            m.mutes_at(record.labelled, record.plain.broken_at) for m, t in self._models.items() if not t.against
        ):
            found = replace(found, silent=())  # it may not be the loss of a segment
        self._meter.add(record.name, found)
        if record.plain.broken_at is None:
            self._repeated += sum(1 for _ in readings.needless(transcript))
        came = list(readings.copies(record.plain, transcript))
        self._came, self._copied = self._came + len(came), self._copied + sum(came)
        if swapped := sum(1 for _ in readings.swapped(transcript)):
            self._reordering.fits[record.name] += swapped

    # -- what it comes to ------------------------------------------------------------------------------------------

    def path(self) -> Path:
        """The path as far as the attempts so far show it."""
        suspicions = tuple(s for s in self._suspicions() if s.fits or s.against)
        return Path(self.loss, suspicions, Loss(self._came, self._copied))

    @property
    def loss(self) -> Loss:
        """As the controls tell, and the segments that the peer had to send again because an ACK of ours was lost."""
        measured = self._meter.loss
        return replace(measured, asked=measured.asked + self._repeated, lost=measured.lost + self._repeated)

    def _suspicions(self) -> Iterator[Suspicion]:
        proxy = self._syn_proxy()
        stands = proxy.standing is Standing.ACCEPTED
        tallies = self._behind if stands else self._models
        trackers = tuple(self._kept_back(tallies, (Suspect.FILTER, Suspect.TRANSLATION)))
        odd = self._odd_flags.suspicion()
        # Tracking calls such flags invalid, too: whichever explains more needs no second cause.
        found = next((s for s in trackers if s.standing is Standing.ACCEPTED), None)
        if found is not None and odd.standing is Standing.ACCEPTED:
            less = odd if found.fits > odd.fits else found
            trackers = tuple(_needless(s) if s is less else s for s in trackers)
            odd = _needless(odd) if odd is less else odd
        yield from trackers
        yield odd
        yield from self._kept_back(tallies, (Suspect.DEFERRED_ACCEPT,))
        yield proxy
        cookies, swapped = self._cookies, self._reordering
        known = Standing.REFUSED if cookies.against else Standing.OPEN
        if not cookies.against and cookies.fits.total() >= ENOUGH and len(cookies.fits) >= EXCHANGES:
            known = Standing.ACCEPTED
        why = "the listener repeats its SYN,ACK, so that it keeps state"
        if not cookies.against:
            why = "the listener answers SYNs with cookies: it keeps no state, and repeats nothing"
        if stands:
            known, why = Standing.REFUSED, "it is the SYN proxy that keeps no state"
        yield _suspicion(Suspect.COOKIES, known, cookies, why)
        yield self._rejections.suspicion()
        yield self._no_way_back()
        yield _suspicion(
            Suspect.REORDERING,
            Standing.ACCEPTED,
            swapped,
            f"{swapped.fits.total()} segments of the peer were overtaken",
        )

    def _syn_proxy(self) -> Suspicion:
        """It is there once it told of the peer's window again and again, and took SYNs for the peer's connections."""
        proxy, known, why = self._proxy, Standing.OPEN, ""
        spliced, anew = proxy.fits.total(), self._anew.total()
        if self._cookies.against or proxy.against.total() >= max(spliced, 1) or proxy.faint.total() >= max(anew, 1):
            known, why = Standing.REFUSED, "it is the peer that answers SYNs"
        elif spliced >= ENOUGH and len(self._anew) >= EXCHANGES:
            known = Standing.ACCEPTED
            why = f"a SYN proxy before the peer answers SYNs in its place ({anew} on connections that stood)"
        return _suspicion(Suspect.PROXY, known, proxy, why)

    def _no_way_back(self) -> Suspicion:
        back, known = self._back, Standing.OPEN
        told = back.fits.total()
        if back.against:
            known = Standing.REFUSED
        elif back.passed and told >= ENOUGH:
            known = Standing.ACCEPTED
        why = (
            f"no connection of the peer's reaches us (0 of {told} came, as from behind a relay or translation): run"
            " probe where it can connect back"
        )
        return _suspicion(Suspect.NO_WAY_BACK, known, back, why if known is Standing.ACCEPTED else "")

    def _kept_back(self, tallies: dict[Model, _Tally], suspects: tuple[Suspect, ...]) -> Iterator[Suspicion]:
        """One suspicion for each suspect, of its model that fits best; only one of them can be accepted."""
        tried = {m: t for m, t in tallies.items() if m.suspect in suspects}
        accepted = [m for m, t in tried.items() if self._standing(m, t) is Standing.ACCEPTED]
        found = max(accepted, key=lambda m: tried[m].fits.total(), default=None)
        for suspect in suspects:
            standings = {m: self._standing(m, t) for m, t in tried.items() if m.suspect is suspect}
            pointed = [m for m, s in standings.items() if s is Standing.OPEN and tried[m].fits]
            refused = [m for m, s in standings.items() if s is Standing.REFUSED]
            likely = [found] if found in standings else pointed or refused or standings
            best = max(likely, key=lambda m: tried[m].fits.total())
            standing = standings[best]
            if found is not None and best is not found:
                standing = Standing.REFUSED  # what the other explains needs no second cause
            yield _suspicion(suspect, standing, tried[best], self._reason(best, tried[best], standing), best.variant)

    def _standing(self, m: Model, t: _Tally) -> Standing:
        """Accepted or refused by what was seen, else open."""
        fits, exchanges = t.fits.total(), len(t.fits)
        if t.against or self._answered(t):
            return Standing.REFUSED
        if m.suspect is Suspect.DEFERRED_ACCEPT:
            return Standing.ACCEPTED if fits >= EXCHANGES else Standing.OPEN
        strict = m.variant == "strict"
        if not strict and not t.passed and t.silent >= EXCHANGES:
            return Standing.REFUSED  # a peer silent to what such a filter lets through is silent to the rest as well
        if strict:  # ... unless nothing at all comes back that is not in order: then no peer is like that
            enough = any(row in STRAY for row in t.rows) and any(row in UNACCEPTABLE for row in t.rows)
        else:
            enough = t.passed > 0 and len(t.asked) >= QUESTIONS
        return Standing.ACCEPTED if enough and fits >= ENOUGH and exchanges >= EXCHANGES else Standing.OPEN

    def _answered(self, t: _Tally) -> bool:
        """Whether what was faintly answered is more than copies on this path would explain."""
        fits, faint = t.fits.total(), t.faint.total()
        copies = ODDS * Loss(self._came, self._copied).bound * (fits + faint)
        never_silent = -sum(count for count in t.kinds.values() if count < 0)
        return faint * FAINT > fits or faint > max(1.0, copies) or never_silent >= EXCHANGES

    @staticmethod
    def _reason(m: Model, t: _Tally, standing: Standing) -> str:
        fits, against = t.fits.total(), t.against.total()
        if standing is Standing.REFUSED and against:
            return "what it would keep back was answered"
        if standing is Standing.REFUSED:
            return "something else explains the silences"
        return f"{m.text} ({fits} of {fits} attempts)" if fits else ""


def _suspicion(suspect: Suspect, standing: Standing, t: _Tally, reason: str, variant: str = "") -> Suspicion:
    rests = tuple(t.rests) if standing is Standing.ACCEPTED else ()
    fits, against = t.fits.total(), t.against.total()
    return Suspicion(suspect, standing, fits, against, reason, rests, variant)


def _needless(one: Suspicion) -> Suspicion:
    """Another suspect explains all that this one does."""
    return replace(one, standing=Standing.REFUSED, exchanges=(), reason="something else explains the silences")


def _speaks_against(m: Model, event: Event) -> bool:
    """Whether an event that is unexplained by the model refutes it.

    A listener that defers its accept answers much as another; but only a connection brings text, or a FIN.
    """
    return m.suspect is not Suspect.DEFERRED_ACCEPT or (isinstance(event, Seen) and _brings(event))


def _may_be_refuted(m: Model, events: Sequence[Event]) -> bool:
    """Whether anything in a record that the peer explains by itself could: text of ours ends what is deferred."""
    if m.suspect is not Suspect.DEFERRED_ACCEPT:
        return True
    first = next((e for e in events if isinstance(e, Seen) and _brings(e)), None)
    return first is not None and not first.to_peer


def _brings(event: Seen) -> bool:
    return event.segment.length > 0 or event.segment.flags & FIN != 0
