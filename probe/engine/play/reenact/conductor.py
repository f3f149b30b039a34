"""Plays the client of a captured connection against a live peer: a conductor whose scenario is the capture.

Every segment of the client is sent once the live peer has said what the captured one had said before it; a peer that
does not come so far in time departs from the capture, which is noted, and the script goes on. It ends where nothing
more can be learnt: the peer has reset the connection or fallen silent, or the oracle finds its behaviour wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from probe.engine.belief.events import Command, Quiet, Seen, Send, WakeAt
from probe.engine.judge.findings import show
from probe.engine.play.conductor import Conductor, Setting
from probe.engine.play.reenact.rewriting import Rewriter
from probe.engine.play.reenact.turns import Said, Script, Turn
from probe.results.expectations import RE_ENACTED
from probe.results.verdict import Captured, Departure
from probe.scenarios import steps
from probe.spec.segment import ACK, FIN, PSH, RST, SYN, Segment
from probe.spec.seq import Seq

ACK_DELAY = 0.2
"""Seconds after which text is acknowledged although the captured client did not: the peer may wait for it (MUST-40)."""
NEEDLESS = "left out: acknowledged without it"
_MUCH = 1 << 24
"""Octets of text that are taken, however many there were in the capture: one that sends without end comes to one."""
_SILENCES = 2
"""After so many waits in a row without a single segment the peer is taken to have vanished."""


@dataclass(slots=True)
class _Wait:
    """What the turn at hand waits for: until when, and for its peer's text until when without an ACK."""

    until: float | None = None
    ack_at: float | None = None
    came: int = 0


class Reenactment(Conductor):
    """One re-enactment in progress. ``departures`` are in the order they were noticed.

    ``places`` maps event indices to the step of the capture that the segment stands for (our own ones only; 0: none).
    ``left_out`` are captured steps that were not sent, as the live peer needed no repetition.
    """

    def __init__(self, script: Script, setting: Setting, stamp: int = 0) -> None:
        super().__init__(scenario_of(script), setting)
        self.script = script
        self.tester.taken = max(_MUCH, script.end.text)
        self.departures: list[Departure] = []
        self.places: dict[int, int] = {}
        self.left_out: list[int] = []
        self._rewriter = Rewriter(script, self.tester, stamp)
        self._said = self._missed = Said()
        self._wait = _Wait()
        self._turn = 0
        self._over = False
        self._silent = 0
        self._acked = setting.iss
        self._emitting = 0
        self._emitted: list[int] = []
        self._text_noted = False

    # -- events ----------------------------------------------------------------------------------------------------

    def seen(self, event: Seen) -> list[Command]:
        """A segment of this connection passed the line, ours or the peer's."""
        if event.to_peer and not self.finished and self._emitted:
            self.places[len(self.transcript.events)] = self._emitted.pop(0)
        return super().seen(event)

    def woken(self, now: float) -> list[Command]:
        """The time asked for has come, and nothing is left unread."""
        if self._over or self.finished:
            return super().woken(now)
        wait = self._wait
        if wait.ack_at is not None and now >= wait.ack_at:
            wait.ack_at = None
            return [self._acknowledge(), *self._waking()]
        if wait.until is None or now < wait.until:
            return self._waking()
        return self._waited_out(now)

    # -- walking the script ----------------------------------------------------------------------------------------

    @property
    def _now(self) -> Turn:
        return self.script.turns[self._turn]

    def _walk(self, now: float) -> list[Command]:
        out: list[Command] = []
        while not self._over:
            if self.watch.broken_at is not None:
                self._end(steps.Wait(steps.Span.ANSWER))  # what it still says is evidence
            elif not self._is_ready(self._now):
                if self._wait.until is None:
                    self._wait.until = now + self._within(self._now)
                unacked = self.tester.text_received > 0 and self._acked != self.tester.text
                if unacked and self._wait.ack_at is None:
                    self._wait.ack_at = now + ACK_DELAY
                return out + self._waking()
            else:
                out += self._play()
        return out + super()._walk(now)

    def _waking(self) -> list[Command]:
        times = [t for t in (self._wait.until, self._wait.ack_at) if t is not None]
        return [WakeAt(min(times))] if times else []

    def _within(self, step: Turn | steps.Step) -> float:
        """Seconds to wait; a peer that took its time in the capture (a timer, its application) gets as much again."""
        if not isinstance(step, Turn):
            return super()._within(step)
        return step.pause if self._repeats(step) else self.setting.habits.answer + step.slow

    def _is_ready(self, turn: Turn) -> bool:
        if self._repeats(turn):
            return self._said.acked >= self._reach(turn)
        return self._reached(turn.needs) and (not turn.answered or self._wait.came > 0)

    def _repeats(self, turn: Turn) -> bool:
        """Whether a timer of the captured client sent it: the live peer gets as long to make it needless."""
        return turn.again and not turn.heard

    def _reach(self, turn: Turn) -> int:
        assert turn.packet is not None
        return turn.packet.segment.end - self.script.client

    def _reached(self, needs: Said) -> bool:
        """Whether the live peer has come as far; once it has closed or reset, no more text can come.

        What was waited for in vain is not waited for again, nor is text after text that did not come.
        """
        live, closed, missed = self._said, self.tester.fin is not None, self._missed
        if needs.rst and live.rst:
            return True
        return (
            (live.syn or not needs.syn)
            and (closed or needs.text <= max(self.tester.text_received, missed.text))
            and (closed or missed.fin or not needs.fin)
            and (missed.rst or not needs.rst)
            and needs.acked <= max(live.acked, missed.acked)
        )

    def _waited_out(self, now: float) -> list[Command]:
        turn, asked = self._now, self._wait
        if not self._repeats(turn):
            self._record(Quiet(now))
            self._miss(turn, asked)
            less = turn.needs.text > self.tester.text_received
            self._missed = replace(turn.needs, text=self.script.end.text) if less else turn.needs
            self._silent = 0 if asked.came else self._silent + 1
            if not self._said.syn or self._silent >= _SILENCES:
                self._end()
        asked.until = asked.ack_at = None
        if not self._over and self.watch.broken_at is None:
            return self._play() + self._walk(now)
        return self._walk(now)

    def _play(self) -> list[Command]:
        """The turn is due: send its segment and go to the next one."""
        turn = self._now
        if turn.needs.text > self.tester.text_received and self.tester.fin is not None:
            self._differ_in_text()
        if turn.packet is None:
            self._end(steps.Expect("settled"))
            return []
        needless = self._repeats(turn) and self._said.acked >= self._reach(turn)
        self._turn, self._wait = self._turn + 1, _Wait()
        if needless:
            self.left_out.append(turn.step)
            return []
        out: list[Command] = []
        self._emitting = turn.step
        for segment in self._rewriter.live(turn.packet.segment, turn.needs):
            if not segment.faults:
                self.tester.sent(segment)
            out.append(self._emit(segment))
        self._emitting = 0
        return out

    def _end(self, *rest: steps.Step) -> None:
        """The script is over; what remains is done as in any exchange."""
        self._over, self._since, self._limit = True, None, None
        self._todo = list(rest)
        if self.tester.text_received > self.script.end.text:
            self._differ_in_text()

    # -- the peer's segments ---------------------------------------------------------------------------------------

    def _note(self, segment: Segment) -> list[Command]:
        self._rewriter.heard(segment)
        self._wait.came += 1
        self._silent = 0
        fresh_text = self.tester.takes(segment)
        if fresh_text:
            self._wait.until = None  # a peer that is sending gets its time from here
        self._said = self._said.after(segment, self.tester.peer if self.tester.synchronized else None, self.tester.iss)
        if not self._over:  # what no segment of the capture says: a RST before its time, a FIN where there was none
            early = bool(segment.flags & RST) and not self._now.needs.rst
            if early or (segment.flags & FIN and not self.script.end.fin):
                self._depart(self._now, show(self.watch, Seen(0.0, False, segment)))
            if early:
                self._end(steps.Expect("settled"))
        beyond = self.tester.text_received > self.script.end.text
        return [self._acknowledge()] if fresh_text and (self._over or beyond) else []

    # -- departures ------------------------------------------------------------------------------------------------

    def _depart(self, turn: Turn, live: str) -> None:
        """The live peer did something else than the captured one did in this turn."""
        expected = next((h for h in turn.heard if not self._reached(replace(h.said, rst=False))), None)
        step = expected.step if expected else turn.step - 1
        captured = self.script.text(expected.packet) if expected else "nothing"
        if not any(d.live == live for d in self.departures):
            self.departures.append(Departure(step, captured, live))

    def _miss(self, turn: Turn, asked: _Wait) -> None:
        """The live peer did not come as far as the captured one."""
        missed = next((h for h in turn.heard if not self._reached(h.said)), turn.heard[0] if turn.heard else None)
        last = next((e for e in reversed(self.transcript.events) if isinstance(e, Seen) and not e.to_peer), None)
        live = f"nothing for {self._within(turn):.1f} s"
        if asked.came and last is not None:
            live = f"{show(self.watch, last)}, then {live}"
        captured = self.script.text(missed.packet) if missed else f"text up to {turn.needs.text}"
        self.departures.append(Departure(missed.step if missed else turn.step, captured, live))

    def _differ_in_text(self) -> None:
        """Another amount of text than in the capture; said once."""
        if self._text_noted:
            return
        self._text_noted = True
        heard = [h for turn in self.script.turns for h in turn.heard]
        place = next((h.step for h in heard if h.said.text == self.script.end.text), 0)
        captured, live = (f"{n:,} octets of text in all" for n in (self.script.end.text, self.tester.text_received))
        self.departures.append(Departure(place, captured, live))

    # -- our own segments ------------------------------------------------------------------------------------------

    def _emit(self, segment: Segment, rule: str = "", place: int | None = None, *, waits: bool = True) -> Send:
        self._emitted.append(self._emitting)
        if segment.flags & ACK:
            self._acked = segment.ack
        return super()._emit(segment, rule, self._emitting or None, waits=waits)

    def _empty(self, seq: Seq, ack: Seq) -> Segment:
        return self._rewriter.own(super()._empty(seq, ack))


def scenario_of(script: Script) -> steps.Scenario:
    """What the judge must know of a captured connection; the steps are in the script.

    A port that refused in the capture may refuse again: that is judged like any other answer.
    """
    refused = script.end.rst and not script.end.syn
    return steps.Scenario(
        id=RE_ENACTED,
        title="the client side of a captured connection",
        steps=(),
        shows=(),
        clause="",
        port="any" if refused else "open",
        aborts=script.end.rst and not refused,
    )


def beside(play: Reenactment) -> tuple[Captured, ...]:
    """Every captured segment; ``live`` is the place of its counterpart among the live segments.

    Our own are known. The peer's are matched in order, before what we sent next, by the flags that steer and by
    carrying text or not: where a stack merges or splits segments some have no counterpart.
    """
    seen = [(index, event) for index, event in enumerate(play.transcript.events) if isinstance(event, Seen)]
    kinds = [None if event.to_peer else _kind(event.segment) for _, event in seen]
    sent: dict[int, int] = {}
    for place, (index, _) in enumerate(seen):
        if step := play.places.get(index):
            sent.setdefault(step, place)
    packets, out, last = play.script.packets, list[Captured](), -1
    # For each step the place of what we sent for a later one, at the earliest.
    limits = [len(seen)] * (len(packets) + 1)
    for step in range(len(packets), 1, -1):
        limits[step - 1] = min(limits[step], sent.get(step, limits[step]))
    for step, packet in enumerate(packets, 1):
        match = sent.get(step)
        if not packet.from_client:
            kind = _kind(packet.segment)
            match = next((place for place in range(last + 1, limits[step]) if kinds[place] == kind), None)
        last = last if match is None else max(last, match)
        note = NEEDLESS if step in play.left_out else ""
        direction = ">" if packet.from_client else "<"
        time, plain = packet.time - packets[0].time, packet.segment.flags & ~PSH == ACK
        out.append(Captured(step, time, direction, play.script.text(packet), match, note, plain))
    return tuple(out)


def _kind(segment: Segment) -> int:
    """Alike are segments with the same steering flags, with text or without."""
    return segment.flags & (SYN | FIN | RST) | bool(segment.length) << 8
