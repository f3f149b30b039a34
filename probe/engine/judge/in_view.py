"""One opinion in view of the path: the suspects that its record rests on, and what of it is the peer's.

An attempt is judged as if nothing stood between. What does, the whole run shows; so each opinion is looked at again
once more is known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from probe.engine.judge.attempt import Opinion, judge, up_to_silence
from probe.engine.judge.case import Case
from probe.engine.judge.excuses import Doubt
from probe.engine.judge.exercised import exercised
from probe.engine.path.limit import was_struck
from probe.engine.path.proxy import Through, through
from probe.engine.path.record import is_proxied
from probe.engine.path.resting import explained_by, rests_on
from probe.results.path import Path, Standing, Suspect
from probe.results.verdict import Verdict, Why
from probe.spec.rules import BY_TOPIC

SUSPECTS = {
    Doubt.COOKIES: Suspect.COOKIES,
    Doubt.FILTER: Suspect.FILTER,
    Doubt.FLAGS: Suspect.FLAGS,
    Doubt.OPTIONS: Suspect.OPTIONS,
    Doubt.UNDELIVERED: Suspect.UNDELIVERED,
    Doubt.UNHEARD: Suspect.UNHEARD,
    Doubt.FORGED: Suspect.FORGED,
    Doubt.TRANSLATION: Suspect.TRANSLATION,
    Doubt.DEFERRED: Suspect.DEFERRED_ACCEPT,
    Doubt.PROXY: Suspect.PROXY,
    Doubt.REJECTED: Suspect.ICMP,
    Doubt.RELAYED: Suspect.NO_WAY_BACK,
}
"""Doubts about something that lasts the whole run; so does an application that aborts, which nobody can clear."""
_TOPICS = ("opening", "listening", "isn", "synack", "syn_data", "options")
_OF_SYNS = frozenset(rule.id for topic in _TOPICS for rule in BY_TOPIC.get(topic, ()))
"""Rules about SYNs, their answers and what they agree on, which a proxy sees to in the peer's place."""
Beyond = Callable[[Case, Opinion], Opinion]
"""What an attempt shows of the peer where a SYN proxy stands before it."""


def in_view_of(path: Path, opinion: Opinion, case: Case, beyond: Beyond | None = None) -> Opinion:
    """The opinion with what the suspects of the path have to do with the record."""
    if opinion.unless_lost is not None and (silent := up_to_silence(case)) is not None:
        opinion = replace(opinion, unless_lost=in_view_of(path, opinion.unless_lost, silent, beyond))
    if not (opinion.findings or path.accepted or (path.strange and opinion.broken_at is not None)):
        return opinion  # nearly all of them, many times over
    limit = next((s for s in path.accepted if s.suspect is Suspect.LIMIT), None)
    if limit is not None and opinion.why is not Why.INTERRUPTED and was_struck(case):
        return Opinion(Verdict.INCONCLUSIVE, limit.reason, why=Why.REFUSED, controls=opinion.controls)
    if path.standing(Suspect.PROXY) is Standing.ACCEPTED and is_proxied(case):
        opinion = (beyond or beyond_proxy)(case, opinion)
        if Suspect.PROXY in opinion.rests or Doubt.PROXY in opinion.doubts:
            return opinion
        if (passed := through(case.transcript)) is not None:
            case = case.of(passed.transcript)
    suspect = rests_on(path, case) if path.accepted else None
    if path.strange and opinion.broken_at is not None:
        opinion = replace(opinion, strayed=case.explained_by_arrival(opinion.broken_at))
    if opinion.findings:
        suspect = suspect or explained_by(path, case)
        doubt = next((doubt for doubt, one in SUSPECTS.items() if one is suspect), None)
        return opinion if doubt is None or doubt in opinion.doubts else _doubted(opinion, doubt)
    return opinion if suspect is None else replace(opinion, rests=(suspect,))


def _doubted(opinion: Opinion, doubt: Doubt) -> Opinion:
    return replace(opinion, tried=(*opinion.tried, (doubt, True)))


def rests_on_proxy(opinion: Opinion) -> Opinion:
    """The opinion as one on the proxy."""
    return _doubted(opinion, Doubt.PROXY) if opinion.findings else replace(opinion, rests=(Suspect.PROXY,))


def beyond_proxy(case: Case, opinion: Opinion) -> Opinion:
    """What of an exchange was passed on to the peer, judged; ``opinion`` is on all of it.

    What the opening shows is the proxy's, and so is the number of a RST that it changed, and what SYNs agree on.
    """
    if opinion.why in (Why.INTERRUPTED, Why.OWN_KERNEL):
        return opinion
    passed = through(case.transcript)
    if passed is None:
        return rests_on_proxy(opinion)
    seen = case.of(passed.transcript)
    found, proxys = judge(seen), _shown_by_proxy(seen, passed)
    if found.findings:
        its = passed.taken or any(f.rule in proxys | _OF_SYNS for f in found.findings)
        return rests_on_proxy(found) if its else found
    if found.word is not Verdict.PASS or proxys.intersection(case.scenario.shows):
        return rests_on_proxy(found)
    return replace(found, rules=tuple(rule for rule in found.rules if rule not in proxys))


def _shown_by_proxy(seen: Case, passed: Through) -> set[str]:
    """The rules that the opening shows, or that only the number of a RST would."""
    watch = seen.follow(seen.terms.profile, seen.terms.allow)
    shown = exercised(seen, watch)
    found = {rule for rule, at in shown.items() if 0 <= at <= passed.begins or (at < 0 and rule in _OF_SYNS)}
    if passed.changed:
        found |= {answer.rule for answer in watch.points[-1].answers}
    return found
