"""Attempts of a recording to runs: one check, or the exchanges of a bulk run, settled as they were live."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from probe import scenarios
from probe.engine.belief.tracker import Belief, Terms
from probe.engine.judge.answers import summarize
from probe.engine.judge.attempt import Opinion, judge
from probe.engine.judge.by_shape import Recall
from probe.engine.judge.jury import is_noise, settle
from probe.engine.trial.attempt import Attempt, case_of
from probe.engine.trial.hearing import Hearing, after_losses
from probe.engine.trial.result import result_of
from probe.recording.json_fields import DamagedError
from probe.recording.metadata import AttemptMark, BulkMark, RunMark
from probe.recording.restoring import unseen
from probe.results.verdict import ExchangeResult, Run, Verdict, Why
from probe.scenarios.steps import Scenario
from probe.spec.segment import Endpoint

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


def _said(word: str, rules: tuple[str, ...]) -> str:
    return f"{word} ({', '.join(rules)})" if rules else word


def _difference(result: ExchangeResult, word: str, rules: tuple[str, ...]) -> list[Difference]:
    """The difference from what was recorded, if there is one."""
    recorded, now = _said(word, rules), _said(result.verdict, tuple(f.rule for f in result.findings))
    return [] if recorded == now else [Difference(result.target, result.id, recorded, now)]


@dataclass(slots=True)
class CheckAgain:
    """The attempts of one check, by exchange and number; ``differences`` are known once it is closed."""

    attempts: dict[str, dict[int, Attempt]] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)

    def add(self, mark: AttemptMark, attempt: Attempt) -> None:
        """One more attempt; DamagedError where it was there before."""
        mine = self.attempts.setdefault(mark.exchange, {})
        if mark.number in mine:
            raise DamagedError(f"attempt {mark.number} of {mark.exchange} is there twice")
        mine[mark.number] = attempt

    def closed(self, mark: RunMark, profile: str | None) -> Run:
        """The run whose end ``mark`` describes; ``profile`` as asked for."""
        for some in mark.unseen:
            if some.exchange in scenarios.ALL:
                mine = self.attempts.setdefault(some.exchange, {})
                mine[some.number] = unseen(some, profile or self._profile())
        hearing = self._hearing(mark.target, [scenarios.ALL[i] for i in mark.exchanges if i in scenarios.ALL])
        for name, (why, reason) in mark.skipped.items():
            if name in hearing.opinions and not hearing.opinions[name]:
                word = Verdict.INCONCLUSIVE if why is Why.NOT_OPENED else Verdict.SKIP
                hearing.opinions[name].append(Opinion(word, reason, why=why))
        known = {r.id: r for r in self._results(hearing, mark)}
        results = tuple(known.get(i) or _stranger(i, mark.target) for i in mark.exchanges)
        for result in results:
            if result.id in mark.verdicts:
                self.differences += _difference(result, *mark.verdicts[result.id])
        warnings = (*([mark.caveat] if mark.caveat else []), *hearing.warnings(), *mark.remarks)
        run = _run(mark.target, results, warnings, mark)
        return replace(run, mixed=hearing.mixed(), profile=profile or self._profile())

    @staticmethod
    def _results(hearing: Hearing, mark: RunMark) -> tuple[ExchangeResult, ...]:
        return hearing.results(dropped=mark.dropped, interrupted=mark.interrupted, late=mark.late)

    def cut_short(self) -> Run:
        """What can be said where the end of the run is missing: the path counts as one that loses segments."""
        some = [attempt for mine in self.attempts.values() for attempt in mine.values()]
        target = next((a.flow.remote for a in some if a.scenario.port == "open"), some[0].flow.remote)
        hearing = self._hearing(target, [s for s in scenarios.ALL.values() if s.id in self.attempts])
        results = hearing.results(dropped=0, interrupted=False, clean=False)
        return replace(_run(target, results, (CUT_SHORT, *hearing.warnings()), None), mixed=hearing.mixed())

    def _hearing(self, target: Endpoint, wanted: list[Scenario]) -> Hearing:
        """Every attempt judged."""
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


def _stranger(exchange: str, target: Endpoint) -> ExchangeResult:
    reason = "this version of probe does not know the exchange"
    word, why = Verdict.INCONCLUSIVE, Why.UNKNOWN_EXCHANGE
    return ExchangeResult(exchange, "", word, reason, target=str(target), ip_version=target.version, why=why)


def _run(target: Endpoint, results: tuple[ExchangeResult, ...], warnings: tuple[str, ...], mark: RunMark | None) -> Run:
    topics = {r.id: scenarios.ALL[r.id].topic for r in results if r.id in scenarios.ALL}
    summary = summarize(results, topics)
    run = Run(str(target), target.version, summary, results, warnings)
    if mark is None:
        return run
    return replace(run, seconds=mark.seconds, interrupted=mark.interrupted, trouble=mark.trouble, late=mark.late)


_Key = tuple[str, Belief, Terms, bool, float, int]


@dataclass(slots=True)
class _Exchange:
    """An exchange of a bulk run that has no verdict yet."""

    heard: list[Opinion] = field(default_factory=list)
    last: Attempt | None = None


@dataclass(slots=True)
class BulkAgain:
    """The exchanges of bulk runs: each settled when its last attempt comes, few of them kept."""

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    _recalls: dict[_Key, Recall] = field(default_factory=dict)
    _waiting: dict[tuple[Endpoint, str, int], _Exchange] = field(default_factory=dict)
    _shown: dict[tuple[Endpoint, str], list[ExchangeResult]] = field(default_factory=dict)

    def add(self, mark: BulkMark, attempt: Attempt) -> None:
        """One more attempt."""
        opinion = self._opinion(attempt)
        if not mark.serial:
            self._settle(mark, _Exchange([opinion], attempt), Verdict.PASS)
            return
        key = (mark.target, attempt.scenario.id, mark.serial)
        exchange = self._waiting.setdefault(key, _Exchange())
        exchange.heard.append(opinion)
        exchange.last = attempt
        if mark.word:
            self._settle(mark, self._waiting.pop(key), mark.word)

    def runs(self) -> list[Run]:
        """A run for each target and exchange."""
        for (target, _, serial), exchange in self._waiting.items():  # interrupted before another attempt
            self._settle(BulkMark(target, serial), exchange, "")
        self._waiting.clear()
        return [_run(target, tuple(results), (), None) for (target, _), results in self._shown.items()]

    def _opinion(self, attempt: Attempt) -> Opinion:
        setting = attempt.conductor.setting
        obedient = setting.trigger.obedient
        version = attempt.flow.version
        key = (attempt.scenario.id, setting.start, setting.terms, obedient, attempt.path_delay, version)
        recall = self._recalls.get(key)
        if recall is None:
            recall = Recall(attempt.scenario, setting.start, setting.terms, obedient, attempt.path_delay, version)
            self._recalls[key] = recall
        return recall.opinion(attempt.conductor.transcript, attempt.conductor.watch)

    def _settle(self, mark: BulkMark, exchange: _Exchange, recorded: str) -> None:
        heard, attempt = exchange.heard, exchange.last
        if attempt is None:
            raise DamagedError("an exchange without an attempt")
        verdict = heard[0]
        if len(heard) > 1 or verdict.word is not Verdict.PASS:
            clean = mark.clean and not mark.dropped and not is_noise(heard)
            verdict = after_losses(settle(heard, clean=clean, keeps_state=False), mark.dropped)
        self.verdicts[verdict.word] += 1
        if not self._worth_showing(mark.target, attempt.scenario.id, verdict):
            return
        result = result_of(attempt.scenario, mark.target, verdict, heard, attempt)
        self._shown[mark.target, attempt.scenario.id].append(result)
        if recorded:
            self.differences += _difference(result, recorded, mark.rules)

    def _worth_showing(self, target: Endpoint, exchange: str, verdict: Opinion) -> bool:
        """The first few of every verdict and its rules (none may hide behind an expected one); of passes one."""
        shown = self._shown.setdefault((target, exchange), [])
        rules = {finding.rule for finding in verdict.findings}
        alike = sum(r.verdict is verdict.word and {f.rule for f in r.findings} == rules for r in shown)
        return alike < (1 if verdict.word is Verdict.PASS else SHOWN)
