"""Several attempts at one exchange to one verdict, and the verdicts of a run to the answers it was asked for.

A suspicion counts when it comes again, never when it is alone: a lost segment or an application that aborts explains
many a departure. It becomes a finding only when every attempt shows the same rule broken and the path is known not to
lose segments.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from probe.engine.judge.attempt import Opinion
from probe.engine.judge.excuses import Doubt
from probe.results.verdict import Compliance, ExchangeResult, Summary, Verdict, Why

ATTEMPTS = 3
"""How often an exchange in doubt is tried in all."""
TWICE = 2
"""A departure that no loss explains is believed when it comes twice."""


def heard_enough(opinions: list[Opinion]) -> bool:
    """Whether another attempt would add nothing."""
    if not opinions:
        return False
    last = opinions[-1]
    if last.doubt is Doubt.NONE and last.word is not Verdict.SKIP:
        return True
    if last.word is Verdict.SKIP:  # only the application, or the way to it, may think better of it
        wanted = ATTEMPTS if any(o.findings for o in opinions) else TWICE
        return last.why not in (Why.APPLICATION, Why.UNREACHABLE) or len(opinions) >= wanted
    if last.why in (Why.OWN_KERNEL, Why.INTERRUPTED):
        return True
    enough = TWICE if _same(opinions) and last.doubt is Doubt.UNEXPLAINED else ATTEMPTS
    return len(opinions) >= enough


def is_noise(opinions: list[Opinion]) -> bool:
    """Whether the attempts differ in a way that only a path that loses segments (or a moody peer) explains."""
    return len(opinions) > 1 and not _same(opinions)


def settle(opinions: list[Opinion], *, clean: bool, keeps_state: bool = True) -> Opinion:
    """The verdict of all attempts. ``clean`` says that nothing else in the run hints at lost segments, ``keeps_state``
    that the listener repeats its SYN,ACK, so that it does not work by SYN cookies alone.
    """
    if not opinions:
        return Opinion(Verdict.INCONCLUSIVE, "not run", why=Why.NOT_PLAYED)
    last, count = opinions[-1], len(opinions)
    deviating = sum(bool(o.findings) for o in opinions)
    if last.word is Verdict.SKIP and deviating:  # an idle application clears nobody
        return _unsure(opinions, f"deviated in {deviating} of {count} attempts; in another {last.reason}")
    if last.doubt is Doubt.NONE:
        if count == 1 or last.word is not Verdict.PASS:
            return last
        # A clean pass after doubts: lost segments explain them, a departure that nothing explains stays a question.
        passed = sum(o.word is Verdict.PASS for o in opinions)
        cleared = last.reason or f"passed in {passed} of {count} attempts; the others lacked an answer"
        odd = any(o.doubt is Doubt.UNEXPLAINED for o in opinions)
        return (
            _unsure(opinions, f"deviated in {deviating} of {count} attempts") if odd else replace(last, reason=cleared)
        )
    if last.doubt is Doubt.NO_EVIDENCE:
        return _unsure(opinions, f"{last.reason}; deviated in {deviating} of {count} attempts") if deviating else last
    if not _same(opinions):
        return _unsure(opinions, f"deviated in {deviating} of {count} attempts, not every time the same way")
    furthest = max(reversed(opinions), key=lambda o: len(o.rules))  # of those the last
    if furthest.doubt is Doubt.UNEXPLAINED:
        return furthest if count >= TWICE else _unsure(opinions, "seen once only")
    if count < ATTEMPTS:
        return _unsure(opinions, f"seen in {count} attempts only; {furthest.doubt.value}")
    # Loss does not strike the same segment every time on a clean path; an application or a listener may well do so.
    steady = furthest.doubt is Doubt.ABORT or (furthest.doubt is Doubt.COOKIES and not keeps_state)
    if steady or not clean:
        why = furthest.doubt.value if steady else "the path loses segments"
        return _unsure(opinions, f"deviated in {count} of {count} attempts, but {why}")
    return furthest


def _same(opinions: list[Opinion]) -> bool:
    """Whether every attempt departs at the same place: after the same segment of ours, with the same doubt."""
    return len({(o.doubt, tuple(f.sent for f in o.findings)) for o in opinions}) == 1


def _unsure(opinions: list[Opinion], reason: str) -> Opinion:
    worst = next((o for o in reversed(opinions) if o.findings), opinions[-1])
    return replace(worst, word=Verdict.INCONCLUSIVE, reason=reason, why=Why.UNSETTLED)


# -- the answers -------------------------------------------------------------------------------------------------------

_RULES = {
    "three_way": ("open.", "synack.", "active.", "isn.stable-while-pending", "syndata.handshake-works"),
    "close_by_us": ("close.", "ack.fin-prompt"),
    "close_by_peer": ("aclose.", "simclose.", "timewait.fin-reacked"),
}
"""The rules, and groups of rules, that each answer is about."""


def summarize(results: Iterable[ExchangeResult], topics: dict[str, str]) -> Summary:
    """``topics`` maps exchange ids to the topic they answer for (``three_way``, ``close_by_us``, ``close_by_peer``)."""
    found = list(results)
    return Summary(**{topic: _answer(found, topic, topics) for topic in _RULES})


def _answer(results: list[ExchangeResult], topic: str, topics: dict[str, str]) -> Compliance:
    about = _RULES[topic]
    failed = [r for r in results if r.verdict is Verdict.FAIL]
    if any(f.rule.startswith(about) for r in failed for f in r.findings):
        return Compliance.NOT_FOLLOWED
    mine = [r for r in results if topics.get(r.id) == topic]
    # A failed exchange whose findings concern another topic still showed this one, if its rules came up.
    beside = [r.verdict is Verdict.FAIL and any(rule.startswith(about) for rule in r.rules) for r in mine]
    words = {Verdict.PASS if other else r.verdict for r, other in zip(mine, beside, strict=True)}
    if words & {Verdict.PASS, Verdict.WARN}:
        return Compliance.FOLLOWED
    if Verdict.FAIL in words:
        return Compliance.NOT_FOLLOWED
    return Compliance.SKIPPED if words <= {Verdict.SKIP} else Compliance.INCONCLUSIVE
