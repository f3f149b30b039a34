"""Finds out how the peer's application can be brought to act: is it ``probe target``, or a server of HTTP/1.0?"""

from __future__ import annotations

from collections import deque

from probe.engine.belief.events import Seen
from probe.engine.belief.tracker import LISTENING
from probe.engine.play.conductor import Conductor
from probe.engine.trial.attempt import Attempt
from probe.live.frame import Frame
from probe.scenarios.steps import OPEN, Command, Expect, Scenario, Send, Span
from probe.scenarios.triggers import HELLO, HELLO_ANSWER, HTTP, NONE, TARGET, Trigger, user_line
from probe.spec.segment import FIN, Endpoint

_TRIES = 4
_HELLO = Scenario(
    id="trigger-target",
    title="is it probe target?",
    steps=(*OPEN, Send("P.", data=Command("hello")), Expect("text", Span.APPLICATION, count=len(HELLO_ANSWER))),
    shows=(),
    clause="",
)
_HTTP = Scenario(
    id="trigger-http",
    title="does it close after an HTTP/1.0 request?",
    steps=(*OPEN, Send("P.", data=Command("close")), Expect("F", Span.APPLICATION)),
    shows=(),
    clause="",
)
_ASKING = Trigger("target", {"hello": HELLO})


def known_trigger(name: str) -> Trigger | None:
    """The trigger the user named, or None where it is to be found out."""
    if name == "auto":
        return None
    return {"none": NONE, "http": HTTP, "target": TARGET}.get(name) or user_line(name)


class Detection:
    """Two exchanges of which the first to succeed decides; ``trigger`` is None until then."""

    def __init__(self, known: Trigger | None) -> None:
        self.trigger = known
        self.probes = [_HELLO, _HTTP]
        """The exchanges to play until it is known."""
        self._tries = dict.fromkeys((_HELLO.id, _HTTP.id), 0)
        self._http = False

    def concerns(self, scenario: Scenario) -> bool:
        """Whether an exchange is one of ours, not to be judged."""
        return scenario in (_HELLO, _HTTP)

    def trigger_for(self, scenario: Scenario) -> Trigger:
        """What an exchange is played with."""
        if scenario is _HELLO:
            return _ASKING
        return HTTP if scenario is _HTTP else (self.trigger or NONE)

    def heard(self, attempt: Attempt) -> list[Scenario]:
        """One of the exchanges ended: decide, if it can be decided; returns what is to be played again.

        A line that was never acknowledged asked nobody: it is sent again.
        """
        if self.trigger is not None:
            return []
        self._tries[attempt.scenario.id] += 1
        if not attempt.conductor.tester.all_acked and self._tries[attempt.scenario.id] < _TRIES:
            return [attempt.scenario]
        self.probes = [s for s in self.probes if s is not attempt.scenario]
        came = [e for e in attempt.conductor.transcript.events if isinstance(e, Seen) and not e.to_peer]
        if attempt.scenario is _HELLO and HELLO_ANSWER in b"".join(e.segment.payload for e in came):
            self.trigger = TARGET
        if attempt.scenario is _HTTP:
            self._http = any(e.segment.flags & FIN for e in came)
        if self.trigger is None and not self.probes:
            self.trigger = HTTP if self._http else NONE
        return []


def find_trigger(frame: Frame, detection: Detection, target: Endpoint, parallel: int) -> int:
    """Play the exchanges that tell, until one succeeds; how many connections that took."""
    todo, connections = deque(detection.probes), 0

    def supply() -> Attempt | None:
        nonlocal connections
        if not todo:
            return None
        connections += 1
        scenario = todo.popleft()
        setting = frame.setting(scenario, detection.trigger_for(scenario), LISTENING)
        return frame.attempt(Conductor(scenario, setting), target)

    def finished(attempt: Attempt) -> None:
        todo.extend(detection.heard(attempt))
        if detection.trigger is not None:
            frame.loop.stop(lambda other: True)

    frame.play(supply, finished, parallel)
    return connections
