"""What a judged record needs to know of the path: what it rests on that something keeps back, what would explain it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from probe.engine.belief.events import Event, Seen
from probe.engine.path.forged import forged
from probe.engine.path.labelled import Labelled
from probe.engine.path.models import Model, model
from probe.engine.path.proxy import through
from probe.engine.path.record import STATELESS, Attempted, Named, anything_came, is_proxied, was_aborted
from probe.engine.path.swallowed import is_explained, lacks
from probe.results.path import Path, Standing, Suspect, Suspicion

_DROPS = frozenset({Suspect.FILTER, Suspect.TRANSLATION})


def _kept_back(path: Path, case: Attempted, record: Labelled) -> tuple[Suspect, frozenset[int]] | None:
    """The accepted suspect that makes events of this record void, and which; None where it stands by itself."""
    for suspicion, m in _models(path, case, Standing.ACCEPTED):
        if kept := m.keeps(record):
            return suspicion.suspect, kept
    return None


def expects_silence(path: Path, scenario: Named, events: Sequence[Event]) -> bool:
    """Whether an accepted filter or translator keeps the tester's last segment back, so that nothing answers it."""
    last = max((i for i, e in enumerate(events) if isinstance(e, Seen) and e.to_peer), default=-1)
    found = (m.on(scenario) for s in path.accepted if s.suspect in _DROPS and (m := model(s.suspect, s.variant)))
    record = Labelled(events)
    return any(last in m.keeps(record) for m in found)


def rests_on(path: Path, case: Attempted) -> Suspect | None:
    """The accepted suspect because of which this record says nothing of the peer.

    A filter or translator: something it keeps back was sent before the record departs, if it does, and the record does
    not depart there all the same: what answers cannot have been kept back. Or it may keep back an answer, whether it
    came this time or not. Deferred accept and SYN cookies: the record departs without them, and not with them. Where
    there is no way back nothing came; nor is it told that the application is one on the peer: a relay closes where that
    aborts, as it cannot hand on a RST.
    """
    uncalled = case.scenario.opens == "peer" and not anything_came(case)
    relayed = case.scenario.aborts and not was_aborted(case)
    if (uncalled or relayed) and path.standing(Suspect.NO_WAY_BACK) is Standing.ACCEPTED:
        return Suspect.NO_WAY_BACK
    broken = case.follow(case.terms.profile, case.terms.allow).broken_at
    if path.standing(Suspect.FORGED) is Standing.ACCEPTED and _is_forged(case, broken):
        return Suspect.FORGED
    record = Labelled(case.transcript.judged)
    accepted = list(_models(path, case, Standing.ACCEPTED))
    for suspicion, m in accepted:
        if (broken is None and m.mutes(record)) or m.mutes_at(record, broken):
            return suspicion.suspect
    unheard = any(m.unheard and (broken is not None or lacks(case, m.unheard)) for _, m in accepted)
    if unheard and (suspect := _explaining(accepted, case, record)):
        return suspect
    if (found := _kept_back(path, case, record)) is not None:
        suspect, kept = found
        then = case.follow(case.terms.profile, case.terms.allow, kept).broken_at
        if suspect is not Suspect.DEFERRED_ACCEPT:
            # ... unless it was a RST or FIN, and what answers is in a state that the peer should have left by it.
            answered = broken is not None and isinstance(record.events[broken], Seen) and then == broken
            answered &= suspect is not Suspect.UNDELIVERED
            return suspect if broken is None or (min(kept) < broken and not answered) else None
        if broken is not None and then is None:
            return suspect
    if path.standing(Suspect.COOKIES) is Standing.ACCEPTED and case.scenario.opens == "us":
        stateless = case.follow(case.terms.profile, case.terms.allow | STATELESS).broken_at
        unrepeated = any(missing.what == "S." for missing in case.transcript.missing)
        if unrepeated or (broken is not None and stateless is None):
            return Suspect.COOKIES
    return None


def _is_forged(case: Attempted, broken: int | None) -> bool:
    """Whether a RST of another host's came before the record departs, or with it."""
    return any(broken is None or index <= broken for index in forged(case.transcript.judged))


def explained_by(path: Path, case: Attempted) -> Suspect | None:
    """The suspect, not refused, whose model explains a record that departs without it."""
    record = Labelled(case.transcript.judged)
    if found := _explaining(list(_models(path, case, Standing.ACCEPTED, Standing.OPEN)), case, record):
        return found
    if path.hinted(Suspect.FORGED) and _is_forged(case, case.follow(case.terms.profile, case.terms.allow).broken_at):
        return Suspect.FORGED
    if path.hinted(Suspect.PROXY) and is_proxied(case):
        beyond = through(case.transcript)
        seen = None if beyond is None else case.of(beyond.transcript)
        if seen is None or seen.follow(seen.terms.profile, seen.terms.allow).broken_at is None:
            return Suspect.PROXY
    return None


def _explaining(models: Sequence[tuple[Suspicion, Model]], case: Attempted, record: Labelled) -> Suspect | None:
    """The first suspect that explains a departure, or a wait in vain; or the first of all together."""
    departs = case.follow(case.terms.profile, case.terms.allow).broken_at is not None
    together, flags = set[int](), 0
    for suspicion, m in models:
        kept = m.keeps(record)
        given = case.follow(case.terms.profile, case.terms.allow, kept, unheard=m.unheard).broken_at
        explains = bool(kept) or (m.unheard and (departs or lacks(case, m.unheard)))
        if (explains and given is None) or m.mutes_at(record, given):
            return suspicion.suspect
        together |= kept
        flags |= m.unheard
    if departs and len(models) > 1 and (together or flags) and is_explained(case, frozenset(together), flags):
        return models[0][0].suspect
    return None


def _models(path: Path, case: Attempted, *standings: Standing) -> Iterator[tuple[Suspicion, Model]]:
    """The suspicions that stand so, each with the model that it is about."""
    for suspicion in path.suspicions:
        found = model(suspicion.suspect, suspicion.variant)
        if found is not None and suspicion.standing in standings:
            yield suspicion, found.on(case.scenario)
