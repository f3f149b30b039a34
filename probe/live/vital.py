"""Whether a peer that has answered still does: SYNs from fresh ports with growing pauses, beside whatever runs.

Many a host or firewall takes only so many connections at a time. So a peer that answers no knock while connections of
ours stand is asked once more when all of them have ended: only who is silent then has ended.
"""

from __future__ import annotations

import time
from math import inf

from probe import scenarios
from probe.engine.belief.events import Command, WakeAt
from probe.engine.play.conductor import Setting
from probe.engine.play.knock import KNOCK, SECONDS, Answer, Knock
from probe.engine.trial.attempt import Attempt
from probe.live.frame import Frame
from probe.results.death import Death, Ending
from probe.spec.segment import RST, SYN, Endpoint

PAUSES = (0.0, 1.0, 3.0)
"""Seconds from the doubt to each knock of a series: by the last a full backlog has room, a server was restarted."""
MUTE = 0.9
"""So much of the patience without a word after a segment of ours makes an attempt end in silence."""
_NO_NEIGHBOUR = frozenset({(4, 3, 1), (6, 1, 3)})
"""IP version, type and code of the ICMP error that says what silence says: the host itself answers nothing."""


class VitalSigns(Knock):
    """A knock after a pause of so many seconds."""

    def __init__(self, setting: Setting, pause: float) -> None:
        super().__init__(setting, SECONDS * setting.habits.scale)
        self._begins: float | None = None
        self._pause = pause

    def start(self, now: float) -> list[Command]:
        """Begin with the pause."""
        self._begins = now + self._pause
        return self.woken(now)

    def woken(self, now: float) -> list[Command]:
        """The pause, or a wait for the answer, is over."""
        if self._begins is None:
            return super().woken(now)
        if now < self._begins:
            return [WakeAt(self._begins)]
        self._begins = None
        return super().start(now)


class Vigil:
    """Asks for vital signs once there is doubt; ``ending`` says what became of the peer, None while it lives.

    ``asked`` SYNs of the series at hand stayed without SYN,ACK, over ``seconds``; ``trouble`` is what an ICMP error
    told instead. ``room`` is how many connections of ours the peer is known to bear at a time.
    """

    def __init__(self) -> None:
        self.pauses: tuple[float, ...] = PAUSES
        self.ending: Ending | None = None
        self.doubted = self.answered = False
        self.trouble = ""
        self.room = inf
        self._reset()

    def _reset(self) -> None:
        self.asked = 0
        self.seconds = self._began = 0.0
        self._todo: list[float] = []
        self._answers: list[Answer] = []
        self._beside = 0
        """The most connections that stood beside a knock of the series."""
        self._crowd = 0
        """How many stood beside a series that came to nothing; the next one is played alone."""

    def doubt(self, since: float) -> None:
        """Begin a series of knocks."""
        self._reset()
        self.doubted, self._todo, self._began = True, list(self.pauses), since

    def heard(self, attempt: Attempt, patience: float) -> None:
        """An attempt of the run ended: silence or a refusal where a peer answered before raises doubt."""
        came = [event.segment for _, event in attempt.segments if not event.to_peer]
        if attempt.scenario.port != "open" or attempt.conductor.transcript.interrupted:
            return
        self.answered = self.answered or any(segment.flags & SYN for segment in came)
        if not self.answered or self.doubted or self.ending is not None:
            return
        refused = attempt.scenario.opens == "us" and bool(came) and bool(came[0].flags & RST)
        if refused or ends_in_silence(attempt, patience):
            self.doubt(attempt.conductor.transcript.events[-1].time)

    def next(self, frame: Frame, target: Endpoint) -> Attempt | None:
        """The next knock of the series to begin with, if there is one."""
        if not self._todo or (self._crowd and frame.loop.busy(self.concerns)):
            return None
        setting = frame.setting(KNOCK)
        return frame.attempt(VitalSigns(setting, self._todo.pop(0) * setting.habits.scale), target)

    def concerns(self, attempt: Attempt) -> bool:
        """Whether an attempt is one of ours, not to be judged."""
        return isinstance(attempt.conductor, VitalSigns)

    def took(self, attempt: Attempt, frame: Frame) -> bool:
        """Whether what ended is one of ours; what it tells ends the others, or those of the series that is done."""
        if not self.concerns(attempt):
            return False
        self.looked(attempt, frame.loop.standing)
        if self.ending is not None:
            frame.loop.stop(lambda other: True)
        elif not self.doubted:
            frame.loop.stop(self.concerns)
        return True

    def looked(self, attempt: Attempt, beside: int = 0) -> None:
        """One of ours ended, with so many connections that may stand ``beside`` it."""
        knock = attempt.conductor
        if not isinstance(knock, VitalSigns) or knock.answer is None:
            return
        if knock.answer is Answer.OPEN:
            if self._crowd:
                self.room = max(1, min(self._crowd, self.room - 1))
            self.doubted = False
            self._reset()
            return
        answer, self._beside = knock.answer, max(self._beside, beside)
        if knock.icmp is not None and answer is Answer.UNREACHABLE:
            icmp = knock.icmp
            answer = Answer.SILENT if (icmp.version, icmp.type, icmp.code) in _NO_NEIGHBOUR else answer
            self.trouble = f"it cannot be reached: {icmp}"
        self._answers.append(answer)
        self.asked += knock.tries
        self.seconds = knock.transcript.events[-1].time - self._began
        if len(self._answers) % len(self.pauses):
            return
        if self._beside and not self._crowd:
            self._crowd, self._todo = self._beside, list(self.pauses)
        else:
            series = self._answers[-len(self.pauses) :]
            common = max(series, key=series.count)
            endings = {Answer.REFUSED: Ending.REFUSED, Answer.UNREACHABLE: Ending.LINE}
            self.ending = endings.get(common, Ending.SILENT)

    def warnings(self, target: object) -> list[str]:
        """What the room comes to, for the user."""
        if self.room == inf:
            return []
        return [f"{target}: a crowd of connections got no answer to a SYN, one alone did: {self.room} at a time since"]

    def revived(self) -> None:
        """The peer is back: what follows is watched anew, and one that has ended before is believed sooner."""
        self.ending, self.doubted, self.pauses = None, False, PAUSES[:1]


def has_ended(frame: Frame, target: Endpoint) -> bool:
    """Whether the peer has, by one knock: of a peer that has been seen to end before."""
    vigil = Vigil()
    vigil.revived()
    vigil.doubt(time.time())
    frame.play(lambda: vigil.next(frame, target), vigil.looked, 1)
    return vigil.ending is not None


def ends_in_silence(attempt: Attempt, patience: float) -> bool:
    """Whether the peer had nothing to say to what we sent last, for about as long as a reply may take."""
    events = attempt.conductor.transcript.events
    segments = [event for _, event in attempt.segments]
    if not segments:  # not even ours was seen: a neighbour that is gone answers no ARP
        return bool(events)
    last = max((event.time for event in segments if not event.to_peer), default=segments[0].time)
    asked = any(event.to_peer and event.time >= last for event in segments)
    return asked and events[-1].time - last >= MUTE * patience


def advice(death: Death) -> str:
    """What the user may do about it, as the end of a sentence; nothing where the segment is known already."""
    if death.tries or not death.suspects:
        return ""
    known = [name for name in death.suspects if name in scenarios.ALL]
    if not known:
        return "; say --trigger none"
    return f"; --skip {known[0]} leaves it out" if len(known) == 1 else "; play them one by one with --only"
