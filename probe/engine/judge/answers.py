"""The answer in three words, from the verdicts of a run."""

from __future__ import annotations

from collections.abc import Iterable

from probe.results.verdict import Compliance, ExchangeResult, Summary, Verdict

_RULES = {
    "three_way": ("open.", "synack.", "active.", "isn.stable-while-pending", "syndata.handshake-works"),
    "close_by_us": ("close.", "ack.fin-prompt"),
    "close_by_peer": ("aclose.", "simclose.", "timewait.fin-reacked"),
}


def summarize(results: Iterable[ExchangeResult], topics: dict[str, str]) -> Summary:
    """``topics`` maps exchange ids to the topic they answer for (``three_way``, ``close_by_us``, ``close_by_peer``)."""
    found = list(results)
    return Summary(*(_word(found, topic, topics) for topic in ("three_way", "close_by_us", "close_by_peer")))


def _word(results: list[ExchangeResult], topic: str, topics: dict[str, str]) -> Compliance:
    broken = [
        r for r in results if r.verdict is Verdict.FAIL and any(f.rule.startswith(_RULES[topic]) for f in r.findings)
    ]
    if broken:
        return Compliance.NOT_FOLLOWED
    mine = [r for r in results if topics.get(r.id) == topic]
    words = {_own_word(r, topic) for r in mine}
    if words & {Verdict.PASS, Verdict.WARN}:
        return Compliance.FOLLOWED
    if Verdict.FAIL in words:
        return Compliance.NOT_FOLLOWED
    return Compliance.SKIPPED if words <= {Verdict.SKIP} else Compliance.INCONCLUSIVE


def _own_word(result: ExchangeResult, topic: str) -> Verdict:
    """A failed exchange whose findings concern another topic still showed this one, if its rules came up."""
    if result.verdict is not Verdict.FAIL:
        return result.verdict
    return Verdict.PASS if any(rule.startswith(_RULES[topic]) for rule in result.rules) else Verdict.FAIL
