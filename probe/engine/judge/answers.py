"""The verdicts of a run to the answers it was asked for: each from its own exchanges, always with its reason.

What departs elsewhere is counted beside them: a stack that leaves an old duplicate without answer opens no worse.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from probe.results.answers import Around, Compliance, Summary
from probe.results.verdict import ExchangeResult, Verdict, Why

TOPICS = ("three_way", "close_by_us", "close_by_peer")
"""What is asked, as scenarios and the summary name it."""
_ODD = (Verdict.FAIL, Verdict.WARN)
_KEPT_BACK = "kept back by the path"
"""By which suspect, and how that is known, the line about the path says once."""


def summarize(results: Sequence[ExchangeResult], topics: dict[str, str]) -> Summary:
    """``topics`` maps exchange ids to the topic they answer for; an empty one, or none, is around the answers."""
    answers = [_answer([r for r in results if topics.get(r.id) == topic]) for topic in TOPICS]
    (opens, why_opens), (ours, why_ours), (theirs, why_theirs) = answers
    others = [r for r in results if topics.get(r.id) not in TOPICS and r.verdict is not Verdict.SKIP]
    return Summary(opens, ours, theirs, (why_opens, why_ours, why_theirs), _around(others))


def _answer(own: list[ExchangeResult]) -> tuple[Compliance, str]:
    """What the exchanges of one answer come to, and why."""
    broken = {word: [r for r in own if r.verdict is word] for word in Verdict}
    if failed := broken[Verdict.FAIL]:
        return Compliance.NOT_FOLLOWED, _named(failed)
    if broken[Verdict.PASS] or broken[Verdict.WARN]:
        return Compliance.FOLLOWED, _named(broken[Verdict.WARN])
    why: dict[str, list[str]] = {}
    for result in own:
        told = _KEPT_BACK if result.why is Why.PATH else result.reason or result.verdict.value
        why.setdefault(told, []).append(result.id)
    reasons = "; ".join(f"{reason} ({', '.join(ids)})" for reason, ids in why.items())
    if broken[Verdict.INCONCLUSIVE]:
        return Compliance.INCONCLUSIVE, reasons
    return Compliance.SKIPPED, reasons or "none of its exchanges was asked for"


def _named(results: list[ExchangeResult]) -> str:
    """Every rule with the exchange it was broken in."""
    found = dict.fromkeys(f"{f.rule} in {r.id}" for r in results for f in r.findings)
    return ", ".join(found)


def _around(others: list[ExchangeResult]) -> Around:
    words = Counter(r.verdict for r in others)
    rules = Counter(rule for r in others if r.verdict in _ODD for rule in dict.fromkeys(f.rule for f in r.findings))
    odd = sum(words[word] for word in _ODD)
    return Around(len(others), odd, words[Verdict.FAIL], words[Verdict.WARN], tuple(rules.most_common()))
