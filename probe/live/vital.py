"""Whether a peer that has answered still does: SYNs from fresh ports with growing pauses, beside whatever runs."""

from __future__ import annotations

from probe.engine.belief.events import Command, Done, WakeAt
from probe.engine.play.conductor import Conductor, Setting
from probe.engine.trial.attempt import Attempt
from probe.results.death import Ending
from probe.scenarios.steps import HEARD, Scenario
from probe.spec.segment import RST, SYN

PAUSES = (0.0, 0.3, 1.3, 3.3, 6.3)
"""Seconds from the doubt to each SYN of a series: by the last a full backlog has room again."""
MUTE = 0.9
"""So much of the patience without a word after a segment of ours makes an attempt end in silence."""


VITAL = Scenario("vital-signs", "does the port answer?", steps=HEARD, shows=(), clause="")


class VitalSigns(Conductor):
    """One SYN after a pause; what answers is taken back. One that did not answer is not asked whether it took the RST.

    ``pause`` in seconds.
    """

    def __init__(self, setting: Setting, pause: float) -> None:
        super().__init__(VITAL, setting)
        self._begins: float | None = None
        self._pause = pause

    def start(self, now: float) -> list[Command]:
        """Begin with the pause."""
        self._begins = now + self._pause
        return self.woken(now)

    def woken(self, now: float) -> list[Command]:
        """The pause, or the wait for the answer, is over."""
        if self._begins is None:
            return super().woken(now)
        if now < self._begins:
            return [WakeAt(self._begins)]
        self._begins = None
        return super().start(now)

    def _clear(self, now: float) -> list[Command]:
        self.finished = True
        return [*self._reset_commands(), Done()]


class Vigil:
    """Asks for vital signs once there is doubt; ``ending`` says what became of the peer, None while it lives.

    ``asked`` SYNs of the series at hand stayed without SYN,ACK, over ``seconds``.
    """

    def __init__(self) -> None:
        self.ending: Ending | None = None
        self.doubted = False
        self.asked = 0
        self.seconds = 0.0
        self._todo: list[float] = []
        self._began = 0.0
        self._answered = False
        self._refused = 0

    def heard(self, attempt: Attempt, patience: float) -> None:
        """An attempt of the run ended: silence or a refusal where a peer answered before raises doubt."""
        came = [event.segment for _, event in attempt.segments if not event.to_peer]
        if attempt.scenario.port != "open" or attempt.conductor.transcript.interrupted:
            return
        self._answered = self._answered or any(segment.flags & SYN for segment in came)
        if not self._answered or self.doubted or self.ending is not None:
            return
        refused = attempt.scenario.opens == "us" and bool(came) and bool(came[0].flags & RST)
        if refused or ends_in_silence(attempt, patience):
            self.doubted, self.asked, self._refused = True, 0, 0
            self._todo = list(PAUSES)
            self._began = attempt.conductor.transcript.events[-1].time

    def next(self, setting: Setting) -> VitalSigns | None:
        """The next SYN of the series to begin with, if there is one."""
        return VitalSigns(setting, self._todo.pop(0) * setting.habits.scale) if self._todo else None

    def concerns(self, attempt: Attempt) -> bool:
        """Whether an attempt is one of ours, not to be judged."""
        return isinstance(attempt.conductor, VitalSigns)

    def looked(self, attempt: Attempt) -> None:
        """One of ours ended."""
        if attempt.conductor.transcript.interrupted:
            return
        came = [event.segment for _, event in attempt.segments if not event.to_peer]
        if any(segment.flags & SYN for segment in came):
            self.doubted = False
            self._todo.clear()
            return
        self.asked += 1
        self.seconds = attempt.conductor.transcript.events[-1].time - self._began
        self._refused += any(segment.flags & RST for segment in came)
        if self.asked == len(PAUSES):
            self.ending = Ending.REFUSED if self._refused * 2 > self.asked else Ending.SILENT

    def revived(self) -> None:
        """The peer is back: what follows is watched anew."""
        self.ending, self.doubted = None, False


def ends_in_silence(attempt: Attempt, patience: float) -> bool:
    """Whether the peer had nothing to say to what we sent last, for about as long as a reply may take."""
    events = attempt.conductor.transcript.events
    segments = [event for _, event in attempt.segments]
    if not segments:  # not even ours was seen: a neighbour that is gone answers no ARP
        return bool(events)
    last = max((event.time for event in segments if not event.to_peer), default=segments[0].time)
    asked = any(event.to_peer and event.time >= last for event in segments)
    return asked and events[-1].time - last >= MUTE * patience
