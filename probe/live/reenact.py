"""Re-enacts the client of one captured connection against a live peer: attempts to a verdict, and what differed."""

from __future__ import annotations

from dataclasses import replace

from probe.capture.errors import CaptureError
from probe.engine.judge.attempt import Opinion, judge
from probe.engine.judge.jury import heard_enough, settle
from probe.engine.play.reenact.conductor import Reenactment, beside, scenario_of
from probe.engine.play.reenact.turns import Script, ScriptError, script
from probe.engine.trial.attempt import Attempt, case_of, result_of
from probe.engine.trial.hearing import evidence, in_time
from probe.live.frame import Frame
from probe.live.line import Line, open_line
from probe.live.options import ReenactOptions
from probe.recording.metadata import ATTEMPT
from probe.recording.writing import comments_of
from probe.replay.extracting import CapturedConnection, extract
from probe.results.answers import Summary
from probe.results.verdict import ExchangeResult, Run, Verdict, Why
from probe.spec.segment import Endpoint
from probe.wire.errors import TargetError, WireError


def reenact(target: Endpoint, options: ReenactOptions) -> Run:
    """Play it until the jury has heard enough; the run has one exchange, ``replay-live``.

    TargetError where the file has no such connection (or not its client's SYN), WireError for a file that cannot be
    read and for a line that cannot be used.
    """
    try:
        picked = extract(options.file, options.connection)
    except CaptureError as error:
        raise WireError(str(error)) from error
    try:
        play = script(picked.packets)
    except ScriptError as error:
        raise TargetError(
            f"connection {picked.index} of {options.file} cannot be re-enacted: {error}; name another one"
        ) from error
    with open_line(target, options) as line:
        return _Reenacting(target, options, picked, play, line).run()


class _Reenacting:
    """One re-enactment in progress, repeated while it is in doubt."""

    def __init__(
        self, target: Endpoint, options: ReenactOptions, picked: CapturedConnection, play: Script, line: Line
    ) -> None:
        self.target, self.picked, self.play = target, picked, play
        self.frame = Frame(line, options)
        self.scenario = scenario_of(play)
        self.opinions: list[Opinion] = []
        self.attempts: list[Attempt] = []

    def run(self) -> Run:
        """Attempts, verdict, recording."""
        frame = self.frame
        with frame:
            while not heard_enough(self.opinions):
                setting, stamp = frame.setting(self.scenario), frame.random.getrandbits(32)
                todo = [frame.attempt(Reenactment(self.play, setting, stamp), self.target)]
                frame.play(lambda todo=todo: todo.pop() if todo else None, self._finished, 1)  # type: ignore[misc]
        result = self._result(late=frame.late)
        # A check's metadata would promise what a replay cannot keep: what this rests on is in another file.
        comments: dict[int, list[str]] = {}
        for number, (attempt, opinion) in enumerate(zip(self.attempts, self.opinions, strict=True), 1):
            for packet, said in comments_of(attempt, opinion, number, attempt.conductor.setting.terms).items():
                comments[packet] = [c for c in said if not c.startswith(ATTEMPT)]
        frame.write(comments)
        warnings = [self.picked.warning, *self._shortcomings()]
        # One connection of somebody else's answers none of the questions of a check.
        return frame.run(str(self.target), self.target.version, Summary(), (result,), warnings)

    def _finished(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)
        self.opinions.append(judge(case_of(attempt)))

    # -- results ---------------------------------------------------------------------------------------------------

    def _result(self, *, late: bool) -> ExchangeResult:
        verdict = Opinion(Verdict.INCONCLUSIVE, "not played", why=Why.NOT_PLAYED)
        if self.opinions:
            verdict = settle(self.opinions)
        verdict = in_time(verdict, self.opinions) if late else verdict
        shown = evidence(self.opinions, self.attempts)
        result = result_of(self.scenario, self.target, verdict, self.opinions, shown)
        title = f"the client of connection {self.picked.index} ({self.picked.client} > {self.picked.server})"
        if shown is None or not isinstance(shown.conductor, Reenactment):
            return replace(result, title=title)
        play = shown.conductor
        departures = tuple(sorted(play.departures, key=lambda d: d.step))
        reason = result.reason
        if departures and not reason and result.verdict is Verdict.PASS:
            count = len(departures)
            reason = f"departed from the capture at {count} place{'s' if count > 1 else ''}, within the RFC"
        return replace(result, title=title, reason=reason, departures=departures, captured=beside(play))

    def _shortcomings(self) -> list[str]:
        """What the capture lacks of the client's side."""
        own = [p.segment for p in self.play.packets if p.from_client]
        cut = sum(s.length - len(s.payload) for s in own)
        out = []
        if cut:
            out.append(f"the capture lacks {cut:,} octets of the client's text (snap length): zeros are sent for them")
        if self.play.hole is not None:
            out.append(f"the capture lacks segments of the client from its octet {self.play.hole} on: they stay unsent")
        return out
