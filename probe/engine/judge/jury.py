"""Several attempts at one exchange to one verdict: a suspicion counts when it comes again, never when it is alone.

A lost segment or an application that aborts explains many a departure. It becomes a finding only when every
attempt shows the same rule broken and the path is known not to lose segments.
"""

from __future__ import annotations

from dataclasses import replace

from probe.engine.judge.attempt import Opinion
from probe.engine.judge.excuses import Doubt
from probe.results.verdict import Verdict, Why

ATTEMPTS = 3
"""How often an exchange in doubt is tried in all."""
TWICE = 2
"""A departure that no loss explains is believed when it comes twice."""

_LACKING = "the others lacked an answer"


def heard_enough(opinions: list[Opinion]) -> bool:
    """Whether another attempt would add nothing."""
    if not opinions:
        return False
    last = opinions[-1]
    if last.doubt is Doubt.NONE and last.word is not Verdict.SKIP:
        return True
    if last.word is Verdict.SKIP:
        wanted = ATTEMPTS if any(o.findings for o in opinions) else TWICE
        return last.why is not Why.APPLICATION or len(opinions) >= wanted
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
    last = opinions[-1]
    count = len(opinions)
    if last.word is Verdict.SKIP and (deviating := _deviating(opinions)):  # an idle application clears nobody
        return _unsure(opinions, f"deviated in {deviating} of {count} attempts; in another {last.reason}")
    if last.doubt is Doubt.NONE:
        return _after_doubts(opinions, last) if count > 1 and last.word is Verdict.PASS else last
    if last.doubt is Doubt.NO_EVIDENCE:
        deviating = _deviating(opinions)
        return _unsure(opinions, f"{last.reason}; deviated in {deviating} of {count} attempts") if deviating else last
    if not _same(opinions):
        return _unsure(opinions, f"deviated in {_deviating(opinions)} of {count} attempts, not every time the same way")
    last = _telling(opinions)
    if last.doubt is Doubt.UNEXPLAINED:
        return last if count >= TWICE else _unsure(opinions, "seen once only")
    if count < ATTEMPTS:
        return _unsure(opinions, f"seen in {count} attempts only; {last.doubt.value}")
    standing = last.doubt is Doubt.ABORT or (last.doubt is Doubt.COOKIES and not keeps_state)
    if standing or not clean:
        why = last.doubt.value if standing else "the path loses segments"
        return _unsure(opinions, f"deviated in {count} of {count} attempts, but {why}")
    return last


def _same(opinions: list[Opinion]) -> bool:
    """Whether every attempt departs at the same place: after the same segment of ours, with the same doubt."""
    return len({(o.doubt, tuple(f.sent for f in o.findings)) for o in opinions}) == 1


def _telling(opinions: list[Opinion]) -> Opinion:
    """Of attempts that depart at one place the one that got furthest; the last of those."""
    return max(reversed(opinions), key=lambda o: len(o.rules))


def _passing(opinions: list[Opinion]) -> int:
    return sum(o.word is Verdict.PASS for o in opinions)


def _deviating(opinions: list[Opinion]) -> int:
    return sum(bool(o.findings) for o in opinions)


def _after_doubts(opinions: list[Opinion], last: Opinion) -> Opinion:
    """A clean pass after doubts: lost segments explain them, a departure that nothing explains stays a question."""
    if any(o.doubt is Doubt.UNEXPLAINED for o in opinions):
        return _unsure(opinions, f"deviated in {_deviating(opinions)} of {len(opinions)} attempts")
    return replace(
        last, reason=last.reason or f"passed in {_passing(opinions)} of {len(opinions)} attempts; {_LACKING}"
    )


def _unsure(opinions: list[Opinion], reason: str) -> Opinion:
    worst = next((o for o in reversed(opinions) if o.findings), opinions[-1])
    return replace(worst, word=Verdict.INCONCLUSIVE, reason=reason, why=Why.UNSETTLED)
