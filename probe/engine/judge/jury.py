"""Several attempts at one exchange to one verdict.

Every exchange stands or falls alone: its attempts are compared in canonical form, and what would excuse a departure is
asked of the path as the whole run measured it. A loss that would have to strike at the same place again and again is
an excuse only as long as the figures allow it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import comb, prod

from probe.engine.judge.attempt import Opinion
from probe.engine.judge.excuses import Doubt
from probe.engine.judge.in_view import SUSPECTS
from probe.engine.path.loss import measured
from probe.results.path import Loss, Path, Standing, Suspect
from probe.results.proofs import Again, Canonical, Delivered, Departed, Proofs, Tried, Vote
from probe.results.verdict import Verdict, Why

MOST = 8
"""How often an exchange in doubt is tried in all."""
ATTEMPTS = 3
"""So many attempts a departure takes that chance may explain, and so many that tell nothing end the trying."""
TWICE = 2
"""A departure that nothing explains is believed when it comes twice."""
RARE = 1e-4
"""A chance below this is none."""
_AMONG = 100
"""So many verdicts are made at that chance each, about those of a check; more of them share it."""
_ODD = 0.0099
"""The least that is granted to one departure that nothing explains: it may be a mistake of our own. To one that a copy
of our segment would explain, or a late one, as much as the path is known to do so."""
_KEEP_BACK = frozenset(SUSPECTS.values())
"""Suspects that make segments of the tester void, or the state they are about: nobody is judged by what rests on it."""
_ENDS = (Why.OWN_KERNEL, Why.INTERRUPTED)


def heard_enough(opinions: Sequence[Opinion], path: Path | None = None) -> bool:
    """Whether another attempt would add nothing; ``path`` as known so far (None: what these attempts measured)."""
    return bool(opinions) and _hear(opinions, path or _measured(opinions)).final


def may_be_found(opinions: Sequence[Opinion], path: Path) -> bool:
    """Whether more attempts may still make a finding of a departure that has come, or none has told anything yet."""
    telling = [o for o in opinions if o.word not in (Verdict.SKIP, Verdict.INCONCLUSIVE)]
    return not telling or _Ballot(telling, path).may_be_found()


def vote_on(opinions: Sequence[Opinion], path: Path) -> Opinion:
    """As ``settle`` has it, without the proofs: what is looked at again and again while a run goes on."""
    return _hear(opinions, path).verdict if opinions else settle(opinions, path)


def settle(opinions: Sequence[Opinion], path: Path | None = None) -> Opinion:
    """The verdict of all attempts, with its proofs; ``path`` as the run found it (None: as these attempts measured)."""
    if not opinions:
        return Opinion(Verdict.INCONCLUSIVE, "not run", why=Why.NOT_PLAYED)
    path = path or _measured(opinions)
    vote = _hear(opinions, path)
    if not vote.count:
        came_to = vote.verdict.reached
        return vote.verdict if came_to is None else replace(vote.verdict, proofs=Proofs(came_to))
    return replace(vote.verdict, proofs=_proofs(vote.verdict, opinions, vote, path))


def _rare(path: Path) -> float:
    """The chance at which one of so many verdicts is believed."""
    return RARE * min(1.0, _AMONG / path.verdicts)


def _measured(opinions: Sequence[Opinion]) -> Path:
    return Path(measured([[o.controls for o in opinions]]))


def _hear(opinions: Sequence[Opinion], path: Path) -> _Outcome:
    """The verdict as it stands; no attempt counts where none tells anything.

    Where SYNs hardly get lost, one that had to be sent again met a silence like any other.
    """
    again = any(o.unless_lost is not None for o in opinions)
    if again and not path.loss.limits_syns and path.loss.bound_of(syn=True) ** MOST <= _rare(path):
        opinions = [o.unless_lost or o for o in opinions]
    telling = [o for o in opinions if o.word not in (Verdict.SKIP, Verdict.INCONCLUSIVE)]
    last, idle = opinions[-1], len(opinions) - len(telling)
    # On a path that loses or limits SYNs, one that met it is asked again as long as a silence is.
    limited = last.why is Why.REFUSED and path.standing(Suspect.LIMIT) is Standing.ACCEPTED
    tries = MOST if limited or (last.why is Why.NO_ANSWER and path.loss.lost) else ATTEMPTS
    if not telling:
        if last.word is Verdict.INCONCLUSIVE and (suspect := _kept_back_by(last, path)) is not None:
            return _Outcome(_kept_back(last, path, suspect), settled=True, final=True)
        # Only the application, or the way to it, may think better of it.
        waits = last.why in (Why.APPLICATION, Why.UNREACHABLE) or last.word is Verdict.INCONCLUSIVE
        enough = TWICE if last.word is Verdict.SKIP else tries
        return _Outcome(last, settled=False, final=last.why in _ENDS or not waits or idle >= enough)
    if (rejected := next((o for o in opinions if o.why is Why.UNREACHABLE), None)) is not None:
        silent = all(o.departure is not None and o.departure.kind in ("silence", "late") for o in telling)
        if silent:  # who rejects segments does not tell it every time (RFC 1812 section 4.3.2.8 has a limit)
            return _Outcome(rejected, settled=False, final=len(opinions) >= TWICE)
    vote = _Ballot(telling, path).outcome()
    verdict, final = vote.verdict, vote.final
    if idle and not vote.settled:
        verdict = replace(
            verdict, reason="; ".join(filter(None, (verdict.reason, f"in another {opinions[-1].reason}")))
        )
    final = final or len(opinions) >= MOST or idle >= tries or last.why in _ENDS
    return replace(vote, verdict=verdict, final=final)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a ballot comes to: ``settled`` says that it is a verdict, ``final`` that another attempt would not help.

    ``agree`` of the ``count`` attempts that tell something show it; ``chance`` is that of what rests on chance.
    """

    verdict: Opinion
    settled: bool
    final: bool
    agree: int = 0
    count: int = 0
    chance: float | None = None


@dataclass(frozen=True, slots=True)
class _Ballot:
    """The attempts that tell something about the peer, and the path they were made on."""

    opinions: Sequence[Opinion]
    path: Path

    def outcome(self) -> _Outcome:
        """What the majority shows, where the others are explained; else nothing, with the figures."""
        passes = [o for o in self.opinions if not o.findings]
        count = len(self.opinions)
        if 2 * len(passes) > count and self._excused([o for o in self.opinions if o.findings], passing=True):
            return self._passed(passes)
        alike = max(self._groups(), key=len)  # not all passed
        if 2 * len(alike) > count:
            others = [o for o in self.opinions if not any(o is one for one in alike)]
            firm = not any(o.doubts for o in alike)  # a peer that does wrong may seem right where a segment is lost
            return self._departed(alike, excused=self._excused(others, passing=firm))
        deviating = count - len(passes)
        reason = f"departed in {deviating} of {count} attempts" + ("" if passes else ", each time another way")
        best = max(len(alike), len(passes)) + MOST - count
        return _Outcome(self._unsure(reason), settled=False, final=2 * best <= MOST, agree=len(alike), count=count)

    def may_be_found(self) -> bool:
        """Whether a departure could still be in the majority, and its chance small enough."""
        left, rare = max(0, MOST - len(self.opinions)), _rare(self.path)
        for alike in self._groups():
            chances = [self._chance(o) for o in alike]
            if 2 * (len(alike) + left) > len(self.opinions) + left and prod(chances) * min(chances) ** left <= rare:
                return True
        return False

    def _groups(self) -> list[list[Opinion]]:
        """The attempts that depart, those that depart in the same way together."""
        groups: dict[Canonical, list[Opinion]] = {}
        for o in self.opinions:
            if o.findings:
                groups.setdefault(_canonical(o), []).append(o)
        return list(groups.values())

    def _passed(self, passes: list[Opinion]) -> _Outcome:
        count, last = len(self.opinions), passes[-1]
        if (suspect := _kept_back_by(last, self.path)) is not None:
            last = _kept_back(last, self.path, suspect)
        elif len(passes) < count:
            doubts = dict.fromkeys(doubt.value for o in self.opinions if o.findings for doubt in o.doubts[:1])
            last = replace(last, reason=f"passed in {len(passes)} of {count} attempts; {', '.join(doubts)}")
        return _Outcome(last, settled=True, final=True, agree=len(passes), count=count)

    def _departed(self, alike: list[Opinion], *, excused: bool) -> _Outcome:
        """The same departure in most attempts; ``excused`` says that chance explains the others."""
        count = len(self.opinions)
        furthest = max(reversed(alike), key=lambda o: len(o.rules))  # of those the last
        lasting = [doubt for o in alike for doubt in o.doubts if self._lasts(doubt)]
        rest = [o for o in alike if not any(self._lasts(doubt) for doubt in o.doubts)]
        firm = [o for o in rest if not o.doubts]
        # Losses do not make firm ones less so; those that chance explains count together with them.
        chance = prod(map(self._chance, firm if len(firm) >= TWICE else rest))
        enough = chance <= _rare(self.path) and (len(firm) >= TWICE or len(rest) >= ATTEMPTS)
        told = chance if len(firm) < len(rest) or self.path.strange else None
        if enough and excused:
            return _Outcome(furthest, settled=True, final=True, agree=len(alike), count=count, chance=told)
        for doubt in lasting:
            suspect = SUSPECTS.get(doubt)
            if suspect in _KEEP_BACK and self.path.standing(suspect) is Standing.ACCEPTED:
                skip = _kept_back(furthest, self.path, suspect)
                return _Outcome(skip, settled=True, final=True, agree=len(alike), count=count)
        silent = all(o.departure is not None and o.departure.kind == "silence" for o in alike)
        reason = f"{'silent' if silent else 'departed'} in {len(alike)} of {count} attempts"
        hopeless = False
        if lasting and not rest:
            reason, hopeless = f"{reason}, but {lasting[0].value}", count >= ATTEMPTS
        elif enough:  # it is the others that must be explained
            reason, hopeless = f"{reason}; nothing explains the others", 2 * (count - len(alike)) > MOST
        elif told is not None:
            reason = f"{reason}; {figures(self.path)}: chance {_one_in(chance)}"
            # More controls make the bound better, unless some were lost.
            struck = self.path.loss.lost + self.path.strange > 0
            hopeless = count >= ATTEMPTS and struck and self._chance(rest[0]) ** MOST >= _rare(self.path)
            # Where some passed, most of them may yet.
            hopeless &= not any(not o.findings for o in self.opinions)
        return _Outcome(self._unsure(reason), settled=False, final=hopeless, agree=len(alike), count=count, chance=told)

    def _odd(self, opinion: Opinion) -> float:
        """The chance that it departs for no reason; segments before it that came twice or late are one, on such a path.

        One of those that explain it alone, or any two; but two that came in spite of all do not make the peer silent.
        """
        if not self.path.strange:
            return _ODD
        spared: float = 1 - Loss(self.path.copies.asked, self.path.strange).bound
        silent = opinion.departure is not None and opinion.departure.kind == "silence"
        by_two = 0.0 if silent else _at_least(2, opinion.segments, 1 - spared)
        return max(_ODD, 1 - spared**opinion.strayed + by_two)

    def _chance(self, opinion: Opinion) -> float:
        """That chance made one departure: a loss, a copy, or what nobody thinks of."""
        if self._meets_limit(opinion):
            return 1.0
        by_loss = self.path.loss.bound_of(syn=opinion.controls.lost_syn) if opinion.doubts else 0.0
        return max(by_loss, self._odd(opinion) if self.path.strange or not opinion.doubts else 0.0)

    def _meets_limit(self, opinion: Opinion) -> bool:
        """Whether what is missing is of a kind that a limit keeps back: that strikes again and again.

        After a RST of ours that may have been kept back nobody knows what the peer answers to.
        """
        controls, loss = opinion.controls, self.path.loss
        missed = (controls.lost_syn and loss.limits_syns) or (controls.lost_reset and loss.limits_resets)
        return (controls.aborted and self.path.limits_aborts) or (bool(opinion.doubts) and missed)

    def _lasts(self, doubt: Doubt) -> bool:
        """Whether the doubt is about something that may hold for the whole run."""
        suspect = SUSPECTS.get(doubt)
        return doubt is Doubt.ABORT or (suspect is not None and self.path.standing(suspect) is not Standing.REFUSED)

    def _excused(self, others: list[Opinion], *, passing: bool) -> bool:
        """Whether the attempts that do not agree are explained; ``passing`` says that chance may have made a pass."""
        struck = 0
        for o in others:
            if o.findings and any(self._lasts(doubt) for doubt in o.doubts):
                continue
            if not (o.doubts if o.findings else passing) and not self.path.strange:
                return False
            struck += 1
        if not struck:
            return True
        odd = max(map(self._odd, self.opinions)) if self.path.strange else 0.0
        syn = any(o.controls.lost_syn for o in others)
        limited = any(map(self._meets_limit, others))
        likely = 1.0 if limited else min(1.0, self.path.loss.bound_of(syn=syn) + odd)
        return _at_least(struck, len(self.opinions), likely) >= RARE

    def _unsure(self, reason: str) -> Opinion:
        worst = next(o for o in reversed(self.opinions) if o.findings)
        return replace(worst, word=Verdict.INCONCLUSIVE, reason=reason, why=Why.UNSETTLED)


def _kept_back_by(opinion: Opinion, path: Path) -> Suspect | None:
    """The accepted suspect that keeps back what the attempt rests on."""
    found = (s for s in opinion.rests if s in _KEEP_BACK and path.standing(s) is Standing.ACCEPTED)
    return next(found, None)


def _kept_back(opinion: Opinion, path: Path, suspect: Suspect) -> Opinion:
    found = next(s for s in path.suspicions if s.suspect is suspect)
    return replace(opinion, word=Verdict.SKIP, reason=found.reason or suspect.text, why=Why.PATH, findings=())


def _canonical(opinion: Opinion) -> Canonical:
    return opinion.departure or Canonical(tuple(f.rule for f in opinion.findings))


def _at_least(struck: int, count: int, chance: float) -> float:
    """The chance that so many of ``count`` attempts are struck."""
    return sum(comb(count, i) * chance**i * (1 - chance) ** (count - i) for i in range(struck, count + 1))


def figures(path: Path) -> str:
    """What was measured, in words."""
    loss, copies = path.loss, path.copies
    if not loss.asked:
        return "loss not measured"
    lost = f", {loss.lost} lost" if loss.lost else ""
    kinds = [f"{loss.syns_lost} of {loss.syns} SYNs"] if loss.syns_lost else []
    kinds += [f"{loss.resets_lost} of {loss.resets} that ask for a RST"] if loss.limits_resets else []
    kinds += [f"{loss.bare_lost} of {loss.bare} that are empty ACKs or ask for one"] if loss.thins_out else []
    lost += f" ({', '.join(kinds)})" if kinds else ""
    lost += f"; {path.aborts.lost} of {path.aborts.asked} of our RSTs had no effect" if path.limits_aborts else ""
    copied = f"; {copies.lost} of {copies.asked} segments came twice or late" if copies.lost else ""
    return f"loss below {100 * loss.bound:.2g} % from {loss.asked} controls{lost}{copied}"


def _one_in(chance: float) -> str:
    return f"1 in {1 / chance:,.0f}" if chance else "none"


# -- the proofs --------------------------------------------------------------------------------------------------------


def _proofs(verdict: Opinion, opinions: Sequence[Opinion], vote: _Outcome, path: Path) -> Proofs:
    votes = tuple(
        Vote(o.word, _canonical(o) if o.findings else None, tuple(d.name.lower() for d in o.doubts), o.reason)
        for o in opinions
    )
    same = "depart the same way" if verdict.findings else "pass"
    if verdict.why is Why.PATH:
        same = "rest on what is kept back"
    outcome = f"{vote.agree} of {vote.count} attempts {same}" + ("" if vote.settled else ", which settles nothing")
    again = Again(votes, vote.agree, vote.count, vote.chance, outcome)
    if verdict.why is Why.PATH:  # an answer to something else does not show that it arrived
        unshown = None if verdict.reached is None else replace(verdict.reached, shown=(), obstacle=verdict.reason)
        return Proofs(unshown, Delivered(0, (verdict.reason,), certain=False), None, again)
    return Proofs(verdict.reached, _delivered(verdict, path), _departure(verdict, vote, path), again)


def _delivered(verdict: Opinion, path: Path) -> Delivered | None:
    """A reply proves it; a silence proves nothing, and the path is asked."""
    if verdict.findings:
        if verdict.departure is not None and verdict.departure.kind not in ("silence", "late"):
            return Delivered(max(verdict.findings[0].packets, default=0))
        told = (figures(path), *(f"{s.suspect.text}: {s.standing}; {s.reason}" for s in path.suspicions))
        return Delivered(0, told, certain=verdict.word is not Verdict.INCONCLUSIVE)
    seen = [one for one in verdict.reached.shown if one.packet] if verdict.reached is not None else []
    if not seen:
        return None
    replies = [one.answered for one in seen if one.answered]
    return Delivered(max(replies)) if replies else Delivered(0, (f"nothing was to answer it; {figures(path)}",))


def _departure(verdict: Opinion, vote: _Outcome, path: Path) -> Departed | None:
    if not verdict.findings:
        return None
    first = verdict.findings[0]
    tried = tuple(_tried(doubt, explains, vote, path) for doubt, explains in verdict.tried)
    return Departed(first.rule, first.sent, first.due, first.came, first.packets, verdict.believed, tried)


def _tried(doubt: Doubt, explains: bool, vote: _Outcome, path: Path) -> Tried:
    name, suspect = doubt.name.lower(), SUSPECTS.get(doubt)
    if not explains:
        return Tried(name, False)
    if suspect is not None:
        standing = path.standing(suspect)
        reason = next((s.reason for s in path.suspicions if s.suspect is suspect), "")
        return Tried(name, True, standing is not Standing.REFUSED, "; ".join(filter(None, (standing, reason))))
    if doubt is Doubt.ABORT:
        return Tried(name, True, True, "nothing is known of the application")
    return Tried(name, True, not vote.settled, f"{figures(path)}: chance {_one_in(vote.chance or 0.0)}")
