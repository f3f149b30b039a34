"""Attempts of a recording to runs: one check, or the exchanges of a bulk run, settled as they were live."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from probe import scenarios
from probe.engine.belief.tracker import Belief, Terms
from probe.engine.judge.answers import summarize
from probe.engine.judge.attempt import Opinion, judge
from probe.engine.judge.by_shape import ShapeJudge
from probe.engine.judge.jury import settle
from probe.engine.play.conductor import Conductor, Setting
from probe.engine.trial.attempt import Attempt, case_of, result_of
from probe.engine.trial.hearing import Hearing
from probe.recording.json_fields import DamagedError
from probe.recording.metadata import AttemptMetadata, BulkMetadata, RunMetadata
from probe.results.matrix import CellResult
from probe.results.path import Path
from probe.results.verdict import ExchangeResult, Run, Verdict, Why
from probe.scenarios.steps import Scenario
from probe.spec.segment import Endpoint
from probe.spec.seq import Seq

SHOWN = 10
"""So many exchanges of a bulk run that did not pass are shown."""
CUT_SHORT = "the end of the run is not in the recording: judged by the attempts that are"


@dataclass(frozen=True, slots=True)
class Difference:
    """An exchange whose verdict is another now; each is a verdict word with the ids of the rules found broken."""

    target: str
    exchange: str
    recorded: str
    now: str

    def __str__(self) -> str:
        return f"{self.exchange} at {self.target}: recorded {self.recorded}, now {self.now}"


def difference(result: ExchangeResult | CellResult, target: str, word: str, rules: tuple[str, ...]) -> list[Difference]:
    """The difference from what was recorded, if there is one."""
    now = tuple(f.rule for f in result.findings)
    if (word, rules) == (result.verdict, now):
        return []
    recorded, judged = (f"{w} ({', '.join(ids)})" if ids else w for w, ids in ((word, rules), (result.verdict, now)))
    return [Difference(target, result.id, recorded, judged)]


@dataclass(slots=True)
class RecordedCheck:
    """The attempts of one check, by exchange and number; ``differences`` are known once it is closed."""

    attempts: dict[str, dict[int, Attempt]] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)

    def add(self, metadata: AttemptMetadata, attempt: Attempt) -> None:
        """One more attempt; DamagedError where it was there before."""
        mine = self.attempts.setdefault(metadata.exchange, {})
        if metadata.number in mine:
            raise DamagedError(f"attempt {metadata.number} of {metadata.exchange} is there twice")
        mine[metadata.number] = attempt

    def closed(self, metadata: RunMetadata, profile: str | None) -> Run:
        """The run whose end ``metadata`` describes; ``profile`` as asked for."""
        for unsent in metadata.unsent:
            if unsent.exchange in scenarios.ALL:
                terms = Terms(profile or self._profile())
                conductor = Conductor(scenarios.ALL[unsent.exchange], Setting(Seq(0), terms=terms))
                conductor.transcript.interrupted = unsent.interrupted
                mine = self.attempts.setdefault(unsent.exchange, {})
                mine[unsent.number] = Attempt(conductor.scenario, conductor, unsent.flow, done=True)
        hearing = self._hearing(metadata.target, [scenarios.ALL[i] for i in metadata.exchanges if i in scenarios.ALL])
        for name, (why, reason) in metadata.skipped.items():
            if name in hearing.opinions and not hearing.opinions[name]:
                word = Verdict.INCONCLUSIVE if why is Why.NOT_OPENED else Verdict.SKIP
                hearing.opinions[name].append(Opinion(word, reason, why=why))
        hearing.deaths = list(metadata.deaths)
        hearing.known = metadata.path
        judged = hearing.results(interrupted=metadata.interrupted, late=metadata.late)
        known = {result.id: result for result in judged}
        names = dict.fromkeys((*metadata.exchanges, *known))
        results = tuple(known.get(i) or _unknown(i, metadata.target) for i in names)
        for result in results:
            if result.id in metadata.verdicts:
                self.differences += difference(result, result.target, *metadata.verdicts[result.id])
        warnings = (*([metadata.caveat] if metadata.caveat else []), *hearing.warnings(), *metadata.remarks)
        return replace(
            _run(metadata.target, results, warnings),
            seconds=metadata.seconds,
            interrupted=metadata.interrupted,
            trouble=metadata.trouble,
            late=metadata.late,
            trigger=metadata.trigger,
            mixed=hearing.mixed_readings(),
            path=hearing.path(),
            learned=metadata.learned,
            profile=profile or self._profile(),
        )

    def cut_short(self) -> Run:
        """What can be said where the end of the run is missing."""
        some = [attempt for mine in self.attempts.values() for attempt in mine.values()]
        target = next((a.flow.remote for a in some if a.scenario.port == "open"), some[0].flow.remote)
        hearing = self._hearing(target, [s for s in scenarios.ALL.values() if s.id in self.attempts])
        results = hearing.results(interrupted=False)
        run = _run(target, results, (CUT_SHORT, *hearing.warnings()))
        return replace(run, mixed=hearing.mixed_readings(), path=hearing.path())

    def _hearing(self, target: Endpoint, wanted: list[Scenario]) -> Hearing:
        hearing = Hearing(target, wanted)
        for scenario in wanted:
            hearing.add(scenario)
        for name, mine in self.attempts.items():
            if sorted(mine) != list(range(1, len(mine) + 1)):
                raise DamagedError(f"an attempt of {name} is missing")
            hearing.add(scenarios.ALL[name])
            hearing.attempts[name] = [mine[number] for number in sorted(mine)]
            hearing.opinions[name] = [judge(case_of(attempt)) for attempt in hearing.attempts[name]]
        return hearing

    def _profile(self) -> str:
        some = [a for mine in self.attempts.values() for a in mine.values()]
        return some[0].conductor.setting.terms.profile if some else Terms().profile


def _unknown(exchange: str, target: Endpoint) -> ExchangeResult:
    word, why, reason = Verdict.INCONCLUSIVE, Why.UNKNOWN_EXCHANGE, "this version of probe does not know the exchange"
    return ExchangeResult(exchange, "", word, reason, target=str(target), ip_version=target.version, why=why)


def _run(target: Endpoint, results: tuple[ExchangeResult, ...], warnings: tuple[str, ...] = ()) -> Run:
    topics = {r.id: scenarios.ALL[r.id].topic for r in results if r.id in scenarios.ALL}
    return Run(str(target), target.version, summarize(results, topics), results, warnings)


_Terms = tuple[Belief, Terms, bool, float, int]
"""What a verdict hangs on besides the scenario: see `ShapeJudge`."""
_Exchange = tuple[list[Opinion], Attempt]
"""An exchange of a bulk run that has no verdict yet: what was heard of it, its last attempt."""


@dataclass(slots=True)
class RecordedBulk:
    """The exchanges of bulk runs: each settled when its last attempt comes, few of them kept."""

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    _by_shape: dict[tuple[str, _Terms], ShapeJudge] = field(default_factory=dict)
    _waiting: dict[tuple[Endpoint, str, int], _Exchange] = field(default_factory=dict)
    _shown: dict[tuple[Endpoint, str], list[ExchangeResult]] = field(default_factory=dict)

    def add(self, metadata: BulkMetadata, attempt: Attempt) -> None:
        """One more attempt."""
        setting, version = attempt.conductor.setting, attempt.flow.version
        terms: _Terms = (setting.start, setting.terms, setting.trigger.obedient, attempt.path_delay, version)
        by_shape = self._by_shape.get((attempt.scenario.id, terms))
        if by_shape is None:
            by_shape = self._by_shape[attempt.scenario.id, terms] = ShapeJudge(attempt.scenario, *terms)
        opinion = by_shape.opinion(attempt.conductor.transcript, attempt.conductor.watch)
        if not metadata.serial:
            self._settle(metadata, ([opinion], attempt), Verdict.PASS)
            return
        key = (metadata.target, attempt.scenario.id, metadata.serial)
        heard, _ = self._waiting.get(key, ([], attempt))
        self._waiting[key] = [*heard, opinion], attempt
        if metadata.word:
            self._settle(metadata, self._waiting.pop(key), metadata.word)

    def runs(self) -> list[Run]:
        """A run for each target and exchange."""
        for (target, _, serial), exchange in self._waiting.items():  # interrupted before another attempt
            self._settle(BulkMetadata(target, serial), exchange, "")
        self._waiting.clear()
        return [_run(target, tuple(results)) for (target, _), results in self._shown.items()]

    def _settle(self, metadata: BulkMetadata, exchange: _Exchange, recorded: str) -> None:
        heard, attempt = exchange
        verdict = heard[0]
        if len(heard) > 1 or verdict.word is not Verdict.PASS:
            verdict = settle(heard, Path(metadata.loss))
        self.verdicts[verdict.word] += 1
        # The first few of every verdict and its rules (none may hide behind an expected one); of passes one.
        shown = self._shown.setdefault((metadata.target, attempt.scenario.id), [])
        rules = {finding.rule for finding in verdict.findings}
        alike = sum(r.verdict is verdict.word and {f.rule for f in r.findings} == rules for r in shown)
        if alike >= (1 if verdict.word is Verdict.PASS else SHOWN):
            return
        result = result_of(attempt.scenario, metadata.target, verdict, heard, attempt)
        shown.append(result)
        if recorded:
            self.differences += difference(result, result.target, recorded, metadata.rules)
