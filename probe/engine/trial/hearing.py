"""From the attempts of one run to its reported results: the same for a live check and for a recording of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from probe.engine.belief.hypothesis import Excuse
from probe.engine.judge.attempt import Opinion, judge
from probe.engine.judge.case import Case
from probe.engine.judge.excuses import Doubt
from probe.engine.judge.findings import plainly
from probe.engine.judge.in_view import in_view_of
from probe.engine.judge.jury import heard_enough, may_be_found, settle
from probe.engine.path.evidence import Evidence
from probe.engine.path.labelled import Labelled
from probe.engine.path.models import ANY_FIREWALL, MODELS
from probe.engine.trial import death
from probe.engine.trial.attempt import Attempt, case_of, result_of
from probe.results.death import Death
from probe.results.path import Loss, Path, Standing, Suspect, Suspicion
from probe.results.verdict import ExchangeResult, MixedReadings, Verdict, Why, worst
from probe.scenarios.steps import Scenario
from probe.spec.segment import Endpoint

FIRST = "open"
"""The exchange that is played before all others."""
_SENTENCES = {
    Why.DEADLINE: "not done by the deadline",
    Why.SILENT: "not played: the target answered no longer",
    Why.INTERRUPTED: "interrupted before it was {}",
    Why.NOT_PLAYED: "not {}",
    Why.LEFT_OUT: "left out by --skip",
}


_EXTREMES = (
    Path(),
    Path(Loss(asked=1_000_000), tuple(Suspicion(suspect, Standing.REFUSED) for suspect in Suspect)),
    Path(Loss(asked=1_000_000), tuple(Suspicion(suspect, Standing.ACCEPTED) for suspect in Suspect)),
)
"""Whatever the path of a run may turn out to be, it lies between these."""


def not_judged(why: Why, undone: str = "played") -> Opinion:
    """The opinion on what was not ``undone`` (played, or tried), for a reason that lies in the run."""
    word = Verdict.SKIP if why is Why.LEFT_OUT else Verdict.INCONCLUSIVE
    return Opinion(word, _SENTENCES[why].format(undone), why=why)


@dataclass(slots=True)
class Hearing:
    """What the attempts of one run showed: opinions and attempts by exchange, each attempt's opinion at its place.

    An exchange that was skipped has an opinion and no attempt.
    """

    target: Endpoint
    scenarios: list[Scenario]
    opinions: dict[str, list[Opinion]] = field(default_factory=dict)
    attempts: dict[str, list[Attempt]] = field(default_factory=dict)
    deaths: list[Death] = field(default_factory=list)
    evidence: Evidence = field(default_factory=Evidence)
    known: Path | None = None
    """The path as a recorded run found it; what told of it need not all be recorded."""
    _weighed: Counter[str] = field(default_factory=Counter)

    def add(self, scenario: Scenario) -> None:
        """Make room for an exchange; no harm if there is."""
        self.opinions.setdefault(scenario.id, [])
        self.attempts.setdefault(scenario.id, [])

    def path(self) -> Path:
        """What all attempts so far tell of the path."""
        if self.known is not None:
            return self.known
        for name, attempts in self.attempts.items():
            for attempt in attempts[self._weighed[name] :]:
                self.evidence.heard(case_of(attempt))
            self._weighed[name] = len(attempts)
        return self.evidence.path()

    def calibrated(self, attempt: Attempt) -> None:
        """Take in an attempt that is not judged itself. What was granted there, a loss, is not granted here."""
        case = case_of(attempt)
        self.evidence.heard(
            replace(case, terms=replace(case.terms, allow=case.terms.allow - {Excuse.LOSS})), limited=True
        )

    def enough(self, scenario: Scenario, *, hurry: bool = False) -> bool:
        """Whether another attempt at the exchange would add nothing, as far as the path is known now.

        In a ``hurry`` what can no longer become a finding is left as it is, however many attempts might yet pass.
        """
        path = self.path()
        heard = self._heard(scenario, path)
        return heard_enough(heard, path) or (hurry and bool(heard) and not may_be_found(heard, path))

    def _heard(self, scenario: Scenario, path: Path) -> list[Opinion]:
        """The opinions on its attempts, in view of the path."""
        opinions, attempts = self.opinions[scenario.id], self.attempts[scenario.id]
        if len(opinions) != len(attempts):
            return opinions
        pairs = zip(opinions, attempts, strict=True)
        heard = [in_view_of(path, opinion, case_of(attempt)) for opinion, attempt in pairs]
        # What the end of the peer cut short tells nothing.
        return [opinion for opinion in heard if opinion.why is not Why.INTERRUPTED] if self.deaths else heard

    def died(self, found: Death, ended: Sequence[Attempt]) -> list[Attempt]:
        """The peer has: what was judged by its silence since then was not judged. The attempts, of those that ended."""
        self.deaths.append(found)
        late = death.void(ended, death.last_sign(ended, found.ending))
        for name, attempts in self.attempts.items():
            opinions = self.opinions[name]
            for place, attempt in enumerate(attempts):
                if attempt in late:
                    opinions[place] = judge(case_of(attempt))
        self.evidence = Evidence()
        self._weighed.clear()
        return late

    def results(self, *, interrupted: bool, late: bool = False) -> tuple[ExchangeResult, ...]:
        """The verdicts, in the order of the report; ``late``: the run ended at its deadline."""
        found, path = [], self.path()
        for scenario in self.scenarios:
            heard = self._heard(scenario, path)
            verdict = settle(heard, path) if heard else self._not_run(scenario, interrupted)
            verdict = self._with_deaths(scenario, verdict)
            found.append(in_time(verdict, heard, path) if late else verdict)
        results = zip(self.scenarios, plainly_named(found), strict=True)
        return (*(self._result(scenario, verdict) for scenario, verdict in results), *self._beside())

    def _beside(self) -> Iterator[ExchangeResult]:
        """The deaths in what is no exchange of the check: asking how the application is brought to act."""
        names = {scenario.id for scenario in self.scenarios}
        for one in self.deaths:
            if one.accused and one.accused not in names:
                said = death.finding(one)
                yield ExchangeResult(
                    one.accused,
                    "how the application is brought to act",
                    said.word,
                    rules=(one.rule,),
                    findings=(said,),
                    target=str(self.target),
                    ip_version=self.target.version,
                    attempts=one.tries,
                    deviated=one.ended,
                    clause=said.clause,
                )

    def certain(self, scenario: Scenario) -> ExchangeResult | None:
        """The result of an exchange heard enough of, where nothing the rest of the run shows can change it."""
        heard, path = self.opinions[scenario.id], self.path()
        ways = [settle(self._heard(scenario, extreme), extreme) for extreme in _EXTREMES]
        told = {(way.word, way.why, way.reason) for way in ways}
        if scenario not in self.scenarios or _cut_off(heard) or ways[0].findings or len(told) > 1:
            return None
        for attempt in self.attempts[scenario.id]:
            record = Labelled(attempt.conductor.transcript.judged)
            open_ones = [m for m in (*MODELS, ANY_FIREWALL) if path.standing(m.suspect) is not Standing.REFUSED]
            if any(m.keeps(record) or m.mutes(record) for m in open_ones):
                return None
        return self._result(scenario, ways[0])

    def mixed_readings(self) -> MixedReadings | None:
        """The exchanges of a stack that keeps to neither reading; attempts that are in doubt tell nothing."""
        return mixed_readings(
            (name, lean(case_of(attempt)))
            for name, attempts in self.attempts.items()
            for attempt, opinion in zip(attempts, self.opinions[name], strict=False)
            if opinion.doubt is Doubt.NONE
        )

    def warnings(self) -> list[str]:
        """What every exchange suffered from."""
        heard = self.opinions.get(FIRST)
        return [f"{self.target}: {heard[-1].reason}"] if heard and heard[-1].doubt is Doubt.NO_EVIDENCE else []

    def _result(self, scenario: Scenario, verdict: Opinion) -> ExchangeResult:
        heard, attempts = self.opinions[scenario.id], self.attempts[scenario.id]
        return result_of(scenario, self.target, verdict, heard[: len(attempts)], evidence(heard, attempts))

    def _with_deaths(self, scenario: Scenario, verdict: Opinion) -> Opinion:
        """The verdict with the deaths that are findings of the exchange."""
        for found in (death.finding(one) for one in self.deaths if one.accused == scenario.id):
            word = worst([verdict.word, found.word]) if verdict.findings else found.word
            verdict = replace(verdict, word=word, reason="", why=Why.NONE, findings=(*verdict.findings, found))
        return verdict

    def _not_run(self, scenario: Scenario, interrupted: bool) -> Opinion:
        if self.deaths:
            return Opinion(Verdict.INCONCLUSIVE, death.unplayed(self.deaths, scenario.id), why=Why.DIED)
        if interrupted:
            return not_judged(Why.INTERRUPTED)
        first = self.opinions.get(FIRST)
        if first and first[-1].doubt is not Doubt.NO_EVIDENCE:
            return not_judged(Why.SILENT)
        if first and first[-1].reason:
            return Opinion(Verdict.INCONCLUSIVE, first[-1].reason, why=first[-1].why)
        return not_judged(Why.NOT_PLAYED)


def _cut_off(heard: list[Opinion]) -> bool:
    """Whether the last attempt was ended before its time."""
    return bool(heard) and heard[-1].why is Why.INTERRUPTED


def in_time(verdict: Opinion, heard: list[Opinion], path: Path | None = None) -> Opinion:
    """The verdict after a deadline: on an exchange that was not tried to its end it says so."""
    if heard_enough(heard[:-1] if _cut_off(heard) else heard, path):
        return verdict
    late = not_judged(Why.DEADLINE)
    return replace(verdict, reason=f"{verdict.reason}; {late.reason}", why=late.why) if verdict.findings else late


def plainly_named(verdicts: Sequence[Opinion]) -> list[Opinion]:
    """The verdicts of a run, where no option or flag is blamed for a silence that meets ordinary segments as well."""
    broken = {f.rule for verdict in verdicts for f in verdict.findings if not f.plain}
    broken -= {rule for verdict in verdicts if verdict.word is Verdict.PASS for rule in verdict.rules}
    return [_plainly_named(verdict, broken) for verdict in verdicts]


def _plainly_named(verdict: Opinion, broken: Container[str]) -> Opinion:
    findings = tuple(plainly(f) if f.plain in broken else f for f in verdict.findings)
    if findings == verdict.findings:
        return verdict
    word = worst([f.word for f in findings]) if verdict.word is not Verdict.INCONCLUSIVE else verdict.word
    return replace(verdict, word=word, findings=findings)


def evidence(heard: list[Opinion], attempts: list[Attempt]) -> Attempt | None:
    """The last attempt with a finding, or else the last one."""
    for opinion, attempt in zip(reversed(heard), reversed(attempts), strict=False):
        if opinion.findings:
            return attempt
    return attempts[-1] if attempts else None


# -- which reading of RFC 9293 a stack keeps to: the classic text, or the mitigations of RFC 5961 ----------------------


class Lean(Enum):
    """Which reading one record needs. ``EITHER``: both explain it; ``BOTH``: it takes one of each."""

    EITHER = "either"
    MITIGATED = "rfc5961"
    CLASSIC = "classic"
    BOTH = "both"


def lean(case: Case) -> Lean:
    """The reading that explains the record; what neither explains is a finding, which is the judge's business."""
    if not _explains("rfc9293", case):
        return Lean.EITHER
    classic, mitigated = _explains("rfc793", case), _explains("rfc5961", case)
    if classic == mitigated:
        return Lean.EITHER if classic else Lean.BOTH
    return Lean.CLASSIC if classic else Lean.MITIGATED


def _explains(profile: str, case: Case) -> bool:
    return case.follow(profile, case.terms.allow).broken_at is None


def mixed_readings(leans: Iterable[tuple[str, Lean]]) -> MixedReadings | None:
    """The exchanges on either side, where there are some on both; ``leans`` are those of each exchange's attempts.

    RFC 9293 leaves both readings standing, so this is no departure; but a stack that means either one keeps to it.
    """
    found = list(leans)
    mitigated, classic = (
        tuple(dict.fromkeys(name for name, one in found if one in (side, Lean.BOTH)))
        for side in (Lean.MITIGATED, Lean.CLASSIC)
    )
    return MixedReadings(mitigated, classic) if mitigated and classic else None
