"""The models of filters, translators and deferred accept, tried on every attempt as the peer is.

A record that departs without what a model keeps back, and does not with it, speaks *for* the model; one that departs
only because of it (something answered what it says was kept back) speaks *against*.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from probe.engine.belief.events import Event, Seen, segment_at
from probe.engine.path.models import MODELS, Model
from probe.engine.path.record import COPIED, STRAY, UNACCEPTABLE, Record
from probe.engine.path.rejected import kind
from probe.engine.path.tally import ENOUGH, EXCHANGES, Tally
from probe.engine.path.unusual import is_odd
from probe.results.path import Loss, Standing, Suspect, Suspicion
from probe.spec.segment import FIN

QUESTIONS = 2
"""So many that have nothing to do with each other must it explain: a peer may be silent to one kind by itself."""
FAINT = 10
"""What a copy made on the way would explain, too, speaks against a model that does not explain so many times more."""
ODDS = 3
"""So many times the copies that are to be expected are still taken for copies; a peer that is silent so many times as
often as it answers is silent by itself."""


@dataclass(slots=True)
class _Weight(Tally):
    """What was seen of one model. ``rows`` are those whose answers it explains away.

    ``asked`` are the questions that it explains, without flags that no TCP sends: those stacks are often silent to
    themselves. ``kinds`` counts what was explained less what was faintly answered, by the kind of segment. ``passed``
    and ``silent`` count what it lets through, unacceptable and yet to be answered, that was answered and that was not.
    """

    silent: int = 0
    passed: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    asked: set[str] = field(default_factory=set)
    kinds: Counter[str] = field(default_factory=Counter)


class Weighing:
    """All models, attempt by attempt."""

    def __init__(self) -> None:
        self._weights = {m: _Weight() for m in MODELS}

    def heard(self, record: Record) -> None:
        """One more attempt."""
        for m, weight in self._weights.items():
            if not weight.against:  # one certain answer is enough: what it keeps back is not kept back
                _try(m.on(record.case.scenario), weight, record)

    @property
    def undecided(self) -> Iterator[Suspect]:
        """The suspects of models that drop what some record rests on, and of which nothing told yet."""
        for m, weight in self._weights.items():
            if m.turns is None and weight.rests and not (weight.fits or weight.against or weight.faint):
                yield m.suspect

    def may_mute(self, record: Record) -> bool:
        """Whether a model that nothing speaks against keeps back the answer at which the record departs."""
        at = record.plain.broken_at
        return any(m.mutes_at(record.labelled, at) for m, weight in self._weights.items() if not weight.against)

    def suspicions(self, copies: Loss, *suspects: Suspect) -> Iterator[Suspicion]:
        """One for each suspect, of its model that fits best; only one of them can be accepted.

        ``copies``: of the peer's segments, how many came twice.
        """
        tried = {m: weight for m, weight in self._weights.items() if m.suspect in suspects}
        known = {m: _standing(m, weight, copies) for m, weight in tried.items()}
        accepted = [m for m, standing in known.items() if standing is Standing.ACCEPTED]
        found = max(accepted, key=lambda m: tried[m].fits.total(), default=None)
        for suspect in suspects:
            standings = {m: standing for m, standing in known.items() if m.suspect is suspect}
            hinted = [m for m, s in standings.items() if s is Standing.OPEN and tried[m].fits]
            pointed = [m for m in hinted if len(tried[m].asked) >= m.questions]
            refused = [m for m, s in standings.items() if s is Standing.REFUSED]
            likely = [found] if found in standings else pointed or refused or standings
            best = max(likely, key=lambda m: tried[m].fits.total())
            standing = standings[best]
            if found is not None and best is not found:
                standing = Standing.REFUSED  # what the other explains needs no second cause
            reason = _reason(best, tried[best], standing)
            yield tried[best].suspicion(suspect, standing, reason, best.variant)


NEEDLESS = "something else explains the silences"


def needless(one: Suspicion) -> Suspicion:
    """Another suspect explains all that this one does."""
    return replace(one, standing=Standing.REFUSED, exchanges=(), reason=NEEDLESS)


def _try(m: Model, weight: _Weight, record: Record) -> None:
    """What one attempt shows of one model."""
    kept, muted = m.keeps(record.labelled), m.mutes(record.labelled)
    if m.turns is not None and not record.answered.keys().isdisjoint(m.turns(record.labelled) - kept):
        weight.against[record.name] += 1
    plain = record.plain.broken_at
    weight.passed += sum(row in UNACCEPTABLE for index, row in record.answered.items() if index not in kept)
    weight.silent += any(row in UNACCEPTABLE for index, row in record.silent.items() if index not in kept | muted)
    if not kept | muted or (plain is None and not _may_be_refuted(m, record.events)):
        return
    given = record.broken(kept)
    sent = [i for i in sorted(kept) if i in record.ours and (given is None or i < given)]
    explains = plain is not None and (given is None or m.mutes_at(record.labelled, given))
    if explains and m.suspect is Suspect.DEFERRED_ACCEPT and record.disordered:
        return  # a copy of the SYN,ACK looks like one that is sent again
    if explains or m.suspect is not Suspect.DEFERRED_ACCEPT:
        weight.rests[record.name] = None
    if explains:
        weight.fits[record.name] += 1
        silent = {index: row for index, row in record.silent.items() if index in kept}
        weight.rows.update(silent.values())
        ordinary = [i for i in sent if not is_odd(record.events[i])]
        # Where there is no silence it is known by another sign.
        weight.asked |= {silent.get(i, record.name) for i in ordinary if i in silent or not silent}
        weight.kinds.update(_kind(record, i) for i in sent if i in silent or not silent)
    elif given is not None and (plain is None or plain > given) and _speaks_against(m, record.events[given]):
        copied = record.broken(kept, COPIED)
        # What stateful filters make of flags that no TCP sends together differs.
        faint = copied is None or copied > given or (bool(sent) and is_odd(record.events[sent[-1]]))
        (weight.faint if faint else weight.against)[record.name] += 1
        weight.kinds.subtract(_kind(record, i) for i in sent[-1:] if faint)
    elif plain is None and (answered := [i for i in sent if record.replies.get(i, -1) not in {-1, *kept}]):
        weight.faint[record.name] += 1  # with what came before it looks the same
        weight.kinds.subtract(_kind(record, i) for i in answered)


def _standing(m: Model, weight: _Weight, copies: Loss) -> Standing:
    """Accepted or refused by what was seen, else open."""
    fits, exchanges = weight.fits.total(), len(weight.fits)
    if weight.against or _answered(weight, copies):
        return Standing.REFUSED
    if m.suspect is Suspect.DEFERRED_ACCEPT:
        return Standing.ACCEPTED if fits >= EXCHANGES else Standing.OPEN
    strict = m.variant == "strict"
    if not strict and weight.silent >= max(EXCHANGES, ODDS * weight.passed):
        return Standing.REFUSED  # a peer silent to what such a filter lets through is silent to the rest as well
    if strict:  # ... unless nothing at all comes back that is not in order: then no peer is like that
        enough = any(row in STRAY for row in weight.rows) and any(row in UNACCEPTABLE for row in weight.rows)
    else:
        # ... and one that is silent to most of it may be silent to anything.
        enough = weight.passed > weight.silent and len(weight.asked) >= QUESTIONS
    return Standing.ACCEPTED if enough and fits >= ENOUGH and exchanges >= EXCHANGES else Standing.OPEN


def _answered(weight: _Weight, copies: Loss) -> bool:
    """Whether what was faintly answered is more than copies on this path would explain."""
    fits, faint = weight.fits.total(), weight.faint.total()
    likely = ODDS * copies.bound * (fits + faint)
    never_silent = -sum(count for count in weight.kinds.values() if count < 0)
    return faint * FAINT > fits or faint > max(1.0, likely) or never_silent >= EXCHANGES


def _reason(m: Model, weight: _Weight, standing: Standing) -> str:
    fits, against = weight.fits.total(), weight.against.total()
    if standing is Standing.REFUSED:
        return "what it would keep back was answered" if against else NEEDLESS
    return f"{m.text} ({fits} of {fits} attempts)" if fits else ""


def _kind(record: Record, index: int) -> str:
    return kind(segment_at(record.events, index))


def _speaks_against(m: Model, event: Event) -> bool:
    """Whether an event that is unexplained by the model refutes it.

    A listener that defers its accept answers much as another; but only a connection brings text, or a FIN.
    """
    return m.suspect is not Suspect.DEFERRED_ACCEPT or (isinstance(event, Seen) and _brings(event))


def _may_be_refuted(m: Model, events: list[Event]) -> bool:
    """Whether anything in a record that the peer explains by itself could: text of ours ends what is deferred."""
    if m.suspect is not Suspect.DEFERRED_ACCEPT:
        return True
    first = next((e for e in events if isinstance(e, Seen) and _brings(e)), None)
    return first is not None and not first.to_peer


def _brings(event: Seen) -> bool:
    return event.segment.length > 0 or event.segment.flags & FIN != 0
