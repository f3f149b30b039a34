"""Finds out how the peer's application can be brought to close: by what, or that it closes by itself, or never.

Several connections ask at the same time. What decides is not which answers first but which comes first of ``probe
target``, a close that nothing asked for, HTTP/1.0, and the line that ends a session in the protocol of its banner. One
connection says nothing at all, so that a close of the server's own is not taken for an answer; text is sent only after
the server had time to greet, and to close.

Many servers end a connection over text that is not of their protocol. Where this one does, that is looked for of which
it awaits the rest (``WORDS``); where nothing is found, its ends are its own doing.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import replace
from math import inf

from probe.engine.belief.events import Seen, Transcript
from probe.engine.belief.tracker import LISTENING
from probe.engine.play.conductor import Conductor
from probe.engine.trial.attempt import Attempt
from probe.live.frame import Frame
from probe.scenarios.steps import OPEN, SPEAK, Command, Expect, Scenario, Send, Span, Step, Wait
from probe.scenarios.triggers import (
    ANY,
    HELLO,
    HELLO_ANSWER,
    HOLD,
    HTTP,
    LEAST_TAKEN,
    LITTLE_TAKEN,
    NAMED,
    NONE,
    RESETS,
    TARGET,
    WAIT,
    WORDS,
    Trigger,
    farewell,
    user_line,
)
from probe.spec.segment import FIN, RST, Endpoint

_TRIES = 6
_REFUSED = 60
"""So often a SYN is sent again that was refused on a port that is served: a limit holds as long as others stand."""
_SOON = 1.0
"""Seconds; who closes later leaves room for most exchanges, and waiting for it every time would take too long."""
_FLOOD = 16
"""Segments with text that nobody asked for, of a server that sends without end: a greeting is shorter."""


def _probe(name: str, title: str, *steps: Step, slow: bool = False) -> Scenario:
    return Scenario(f"trigger-{name}", title, (*OPEN, *steps), shows=(), clause="", slow=slow)


_CLOSES = (Send("P.", data=Command("close")), Expect("F", Span.APPLICATION, application=True))
_HELLO = _probe(
    "target",
    "is it probe target?",
    Send("P.", data=Command("hello")),
    Expect("text", Span.APPLICATION, count=len(HELLO_ANSWER)),
)
# As much as any exchange sends. One connection for both: some servers hurry where there are many (unbound).
_IDLE_TEXT = (*SPEAK, *3 * (Send("P.", data=bytes(1220)), Expect(".")), Wait(Span.GREETING))
_GREETING = _probe("greeting", "does it greet, or close at once, or over text?", Wait(Span.GREETING), *_IDLE_TEXT)
_QUIET = _probe("wait", "does it close by itself?", Expect("F", Span.UNASKED, application=True), slow=True)
_EOF = _probe("hold", "does it close once we have?", Send("F."), Expect("F", Span.APPLICATION, application=True))
_HTTP = _probe("http", "does it close after an HTTP/1.0 request?", *_CLOSES)
_FAREWELL = _probe("line", "does it close after the line that ends a session?", *_CLOSES)
_BEARS = {
    _probe(f"text-{place}", f"does it bear text as of {name}?", *_IDLE_TEXT): name
    for place, name in enumerate(WORDS)
    if name != ANY
}
_FIRST = (_HELLO, _GREETING, _QUIET, _EOF)
_ALL = (*_FIRST, _HTTP, _FAREWELL, *_BEARS)
_ASKING = Trigger("target", {"hello": HELLO}, taken=LITTLE_TAKEN)
_UNKNOWN = replace(NONE, taken=LITTLE_TAKEN)
"""Until more is known: little is taken of what nobody asked for."""


def known_trigger(name: str) -> Trigger | None:
    """The trigger the user named, or None where it is to be found out."""
    return None if name == "auto" else NAMED.get(name) or user_line(name)


class Detection:
    """The exchanges that tell; ``trigger`` is None until it is known. ``delay`` is how long its close takes.

    Of one that the user named it is still to be learned which text the application bears, unless that obeys, or nothing
    is to be asked of it.
    """

    def __init__(self, known: Trigger | None) -> None:
        self._named = None if known is None or known is NONE or known.obedient else known
        self.trigger = None if self._named is not None else known
        self.probes = list(_FIRST) if self._named is None else [_GREETING]
        """The exchanges to begin with."""
        self.delay = 0.0
        self._out = {probe.id for probe in self.probes}
        self._held: list[Scenario] = []
        """Those whose SYN was refused while others stood: a host may let in so many at a time."""
        self._tries: Counter[str] = Counter()
        self._closed: dict[str, float | None] = {}
        """Of each that has ended: seconds until the peer's FIN, None where none came or the close was no clean one."""
        self._banner = b""
        self._floods = False
        self._borne: dict[str, bool] = {}
        """Whether it bears each of ``WORDS`` that it was asked about."""
        self._waited = 0.0

    @property
    def slow(self) -> int:
        """How many of the exchanges wait beside the others."""
        return sum(probe.slow for probe in self.probes) if self.trigger is None else 0

    def concerns(self, scenario: Scenario) -> bool:
        """Whether an exchange is one of ours, not to be judged."""
        return scenario in _ALL

    def allows(self, scenario: Scenario) -> bool:
        """Whether enough is known to play an exchange; if it asks for nothing, whether that one obeys or leaves."""
        asked = {_HELLO.id, _GREETING.id} & {probe.id for probe in self.probes}
        known = asked <= set(self._closed) and self._knows_text
        return self.trigger is not None or (not scenario.commands and known)

    def trigger_for(self, scenario: Scenario) -> Trigger:
        """What an exchange is played with."""
        if scenario is _FAREWELL:
            return farewell(self._banner)
        if scenario in _BEARS:
            return replace(_UNKNOWN, word=WORDS[_BEARS[scenario]])
        return {_HELLO.id: _ASKING, _HTTP.id: HTTP}.get(scenario.id, self.trigger or self._bearing(_UNKNOWN))

    def heard(self, attempt: Attempt) -> list[Scenario]:
        """One of the exchanges ended: decide, if it can be decided; returns what is to be played now, or again.

        What was refused while others stand is asked again once one of them has ended.
        """
        probe = attempt.scenario
        self._out.discard(probe.id)
        more = self._heard(attempt)
        if more == [probe] and self._out and was_refused(attempt.conductor.transcript):
            self._held.append(probe)
            return []
        if more != [probe]:
            more, self._held = [*more, *self._held], []
        self._out |= {scenario.id for scenario in more}
        return more

    def _heard(self, attempt: Attempt) -> list[Scenario]:
        """A line that was never acknowledged asked nobody, nor did a SYN that was refused: it is sent again."""
        probe, transcript = attempt.scenario, attempt.conductor.transcript
        if self.trigger is not None or transcript.interrupted:
            return []
        self._tries[probe.id] += 1
        heard = [e for _, e in transcript.seen() if not e.to_peer]
        came = self._before_text(transcript) if probe is _GREETING else heard
        reset = any(e.segment.flags & RST for e in came)
        unasked = was_refused(transcript) or not (
            attempt.conductor.tester.all_acked or any(e.segment.flags & RST for e in heard)
        )
        if unasked and self._tries[probe.id] < (_REFUSED if was_refused(transcript) else _TRIES):
            return [probe]
        said = b"".join(e.segment.payload for e in came)
        if probe in (_GREETING, _QUIET):
            self._floods |= len(said) >= LITTLE_TAKEN or sum(bool(e.segment.length) for e in came) >= _FLOOD
        ends = (RST if reset else FIN) if attempt.conductor.tester.synchronized else 0
        began = transcript.seen()[0][1].time
        if probe is _QUIET:
            self._waited = transcript.judged[-1].time - began
        after = next((e.time - began for e in came if e.segment.flags & ends), None)
        self._closed[probe.id] = None if reset else after
        if self._named is None and probe in (_GREETING, _QUIET) and reset and after is not None:
            self.trigger = replace(RESETS, at_once=after < _SOON, note=f"resets by itself after {after:.1f} s")
        if probe is _HELLO and HELLO_ANSWER in said:
            self.trigger = TARGET
        elif probe in _BEARS:
            self._borne[_BEARS[probe]] = after is None
        elif probe is _GREETING:
            self._banner = said
            if self._closed[probe.id] is None and not self._floods and (more := self._behind_greeting):
                return more
        self._decide()
        return []

    @property
    def _behind_greeting(self) -> list[Scenario]:
        """What is asked of a server that neither closes by itself nor sends without end."""
        closing = [*([] if self._banner else [_HTTP]), _FAREWELL] if self._named is None else []
        return closing if self._borne.get(ANY) else [*closing, *_BEARS]

    def give_up(self) -> None:
        """Nothing is left to be asked, as the target let too few connections in."""
        self.trigger = self._named or replace(NONE, leaves=True, note="could not be asked what makes it close")

    def _before_text(self, transcript: Transcript) -> list[Seen]:
        """What came before our text; whether the application bears that is noted, if it had not ended it by then."""
        seen = [event for _, event in transcript.seen()]
        spoke = next((e.time for e in seen if e.to_peer and e.segment.length), inf)
        ends = [e.time for e in seen if not e.to_peer and e.segment.flags & (FIN | RST)]
        if spoke < min(ends, default=inf):
            self._borne[ANY] = not ends
        return [e for e in seen if not e.to_peer and e.time <= spoke]

    @property
    def _knows_text(self) -> bool:
        """Whether it is known which text it bears, or that it bears none."""
        return self._borne.get(ANY, False) or len(self._borne) == len(WORDS)

    def _bearing(self, trigger: Trigger) -> Trigger:
        """The same for an application that bears no other text, or none at all."""
        if not self._knows_text:
            return trigger
        name = next((name for name in WORDS if self._borne.get(name)), "")
        if not name:
            return replace(trigger, leaves=True)
        note = trigger.note if name == ANY else f"{trigger.note}; it bears text as of {name}"
        return replace(trigger, word=WORDS[name], note=note)

    def _decide(self) -> None:
        if self.trigger is None and (found := self._found()) is not None:
            self.trigger = self._bearing(found)

    def _found(self) -> Trigger | None:
        """The first that is settled in the order of preference, unless one before it still may be."""
        if self._named is not None:
            unasked = _GREETING.id in self._closed and (ANY not in self._borne or self._floods)
            return self._named if self._knows_text or unasked else None
        closed, order = self._closed, [_FAREWELL] if self._banner else [_HTTP, _FAREWELL]
        by_itself = [delay for probe in (_GREETING, _QUIET) if (delay := closed.get(probe.id)) is not None]
        if by_itself:
            self.delay = min(by_itself)
            soon = self.delay < _SOON
            return replace(WAIT, at_once=soon, note=f"closes by itself after {self.delay:.1f} s")
        if not self._knows_text:
            return None
        if self._floods:
            return replace(NONE, note="sends more unasked than is taken", tried=("waiting",), taken=LEAST_TAKEN)
        for probe in (_HELLO, *order):
            if probe.id not in closed:
                return None
            if probe is not _HELLO and (delay := closed[probe.id]) is not None:
                self.delay = delay
                return self.trigger_for(probe)
        if _QUIET.id in closed and _EOF.id in closed:
            tried = ("waiting", *(["HTTP/1.0"] if _HTTP in order else []), farewell(self._banner).note)
            if closed[_EOF.id] is None:
                found, note = HOLD, f"does not close in {self._waited:.0f} s"
            else:
                found, note = NONE, f"{', '.join(tried)} did not make it close"
            return replace(found, note=note, tried=tried)
        return None


def was_refused(transcript: Transcript) -> bool:
    """Whether the first thing that came is a RST."""
    came = (event.segment.flags for _, event in transcript.seen() if not event.to_peer)
    return bool(next(came, 0) & RST)


def find_trigger(frame: Frame, detection: Detection, target: Endpoint, parallel: int) -> int:
    """Play the exchanges that tell, until it is known; how many connections that took."""
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
            frame.habits.application = max(frame.habits.application, detection.delay)
            frame.loop.stop(lambda other: True)

    frame.play(supply, finished, parallel + detection.slow)
    return connections
